import { makeChart } from './chart.js';
import { count, element, seconds, setText } from './elements.js';

const STATES = { idle: 'asleep', probing: 'asking', waking: 'waking', ready: 'ready' };

/** Makes the card of one service; `update(view, points, now)` brings it up to date. `act(action, count)` is called by its buttons. */
export function makeCard(first, act) {
  const worker = isWorker(first);
  const pill = element('span', { class: 'pill' });
  const now = element('p', { class: 'now about' });
  const held = station('held', 'held requests');
  const queue = station('queue', worker ? 'jobs' : first.pushed ? 'requests KEDA is told of' : 'messages');
  const slots = element('div', { class: 'slots' });
  const replicas = element('div', { class: 'station replicas' }, slots, element('span', { class: 'label' }));
  const chart = makeChart(first.name, worker);
  const kill = button('Kill a replica', first.name, () => act('kill', 1));
  const arrow = () => element('span', { class: 'arrow', 'aria-hidden': 'true' }, '→');
  const flow = worker ? [queue.root, arrow(), replicas] : [held.root, arrow(), queue.root, arrow(), replicas];
  const frame = makeFrame(first);
  const title = element('h2', { id: `card-${first.name}` }, first.name);
  const root = element(
    'article',
    { class: worker ? 'card worker' : 'card', 'data-backend': first.name, 'aria-labelledby': `card-${first.name}` },
    element('div', { class: 'head' }, title, pathOf(first), pill),
    element('div', { class: 'flow' }, ...flow),
    now,
    chart.root,
    element('div', { class: 'buttons' }, ...sendButtons(first.name, worker, act), ...frame.buttons, kill),
    frame.root,
  );

  function update(view, points, at) {
    const state = stateOf(view);
    root.classList.toggle('waking', state === 'waking');
    pill.dataset.state = state;
    setText(pill, STATES[state]);
    held.set(view.held);
    queue.set(view.depth);
    updateSlots(slots, view);
    replicas.classList.toggle(
      'active',
      view.replicas.some(({ phase }) => phase === 'ready'),
    );
    setText(replicas.lastChild, replicasText(view));
    setText(now, nowText(view, state));
    kill.disabled = !view.replicas.some(({ phase }) => phase === 'ready' || phase === 'starting');
    chart.update(points, at);
  }
  return { root, update };
}

/** What the pill says: the plugin's state; for a worker, which has no plugin, the state of its replicas. */
export function stateOf(view) {
  const { replicas } = view;
  // That Kubernetes shows no pod is what the replicas here show anyway.
  const state = view.state === 'asleep' ? 'idle' : view.state;
  if (replicas.some(({ phase }) => phase === 'ready') && (state === null || state === undefined || state === 'idle')) {
    return 'ready';
  }
  if (state === 'probing' && replicas.length === 0) return 'waking';
  if (state !== null && state !== undefined && state !== 'idle') return state;
  return replicas.some(({ phase }) => phase === 'starting') ? 'waking' : 'idle';
}

function station(name, label) {
  const number = element('b', { 'data-field': name }, '0');
  const root = element('div', { class: `station ${name}` }, number, element('span', { class: 'label' }, label));
  const set = (value) => {
    setText(number, value === null || value === undefined ? '?' : String(value));
    root.classList.toggle('active', value > 0);
  };
  return { root, set };
}

function pathOf(view) {
  const { path } = view;
  if (isWorker(view)) return element('span', { class: 'path' }, 'takes jobs from a queue');
  return element('a', { class: 'path', href: path, target: '_blank', rel: 'noreferrer' }, path);
}

function sendButtons(name, worker, act) {
  if (worker) {
    return [
      button('Send 1 job', name, () => act('jobs', 1)),
      button('Send 100 jobs', name, () => act('jobs', 100), 'main'),
    ];
  }
  return [
    button('Send 1', name, () => act('send', 1), 'main'),
    button('Send 100', name, () => act('send', 100)),
    button('Be a crawler', name, () => act('crawl', 1)),
  ];
}

function button(text, service, press, style) {
  const made = element('button', { type: 'button', class: style, 'aria-label': `${text}: ${service}` }, text);
  made.addEventListener('click', press);
  return made;
}

/** What a browser sees of a service, beside what its gateway does. */
function makeFrame(view) {
  const root = element('div', { class: 'frame', hidden: '' });
  if (isWorker(view)) return { root, buttons: [] };
  const toggle = button('Be a browser', view.name, () => {
    root.hidden = !root.hidden;
    toggle.setAttribute('aria-expanded', String(!root.hidden));
    root.replaceChildren();
    if (!root.hidden) root.append(element('iframe', { src: view.path, title: `${view.name}, as a browser shows it` }));
  });
  toggle.setAttribute('aria-expanded', 'false');
  return { root, buttons: [toggle] };
}

/** One slot per possible replica, and one more for a replica that stops while its successor runs. */
function updateSlots(slots, { replicas, max }) {
  const phases = replicas.map(({ phase }) => phase);
  while (phases.length < max) phases.push('');
  while (slots.children.length > phases.length) slots.lastChild.remove();
  while (slots.children.length < phases.length) slots.append(element('span', { 'aria-hidden': 'true' }));
  phases.forEach((phase, index) => {
    const slot = slots.children[index];
    slot.className = phase === '' ? 'slot' : `slot ${phase}`;
    const { name, pid } = replicas[index] ?? {};
    slot.title = name === undefined ? 'no replica' : `${name}, process ${pid}, ${phase}`;
  });
}

function replicasText({ replicas, max }) {
  const number = (phase) => replicas.filter((replica) => replica.phase === phase).length;
  const texts = [`${number('ready')} of ${max} replicas`];
  if (number('starting') > 0) texts.push(`${number('starting')} starting`);
  if (number('stopping') > 0) texts.push(`${number('stopping')} stopping`);
  return texts.join(', ');
}

function nowText(view, state) {
  const { held, depth, sleepsInMs, replicas } = view;
  if (state === 'waking' && held > 0) {
    const waiting = count(held, 'request');
    const { outcome, message, error } = view.lastPublish ?? {};
    if (outcome !== undefined && outcome !== 'accepted') {
      return `${waiting} held; the wake-up cannot be published: ${message ?? error}`;
    }
    return `${waiting} held until a replica answers`;
  }
  if (replicas.some(({ phase }) => phase === 'ready' || phase === 'starting')) {
    if (sleepsInMs !== null && sleepsInMs !== undefined)
      return `${view.pushed ? 'Nobody asks' : 'The queue is empty'}: asleep in ${seconds(sleepsInMs)}`;
    if (isWorker(view)) return depth > 0 ? `${count(depth, 'job')} to do` : 'The last jobs are in progress';
    if (depth > 0 && view.pushed) return `Kept up by ${count(depth, 'request')} of the last while`;
    return depth > 0 ? `Kept up by ${count(depth, 'message')} in the queue` : 'Up';
  }
  if (replicas.length > 0) return 'The last replica is terminating';
  return `Asleep, no process runs. The next ${isWorker(view) ? 'job' : 'request'} wakes it.`;
}

/** A worker is not behind the gateway: it gets no requests. */
function isWorker({ path }) {
  return path === undefined || path === null;
}
