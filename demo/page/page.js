/* global document, EventSource, URLSearchParams */
import { makeCard, stateOf } from './cards.js';
import { count, element, setText } from './elements.js';
import { addLogLine, showColdStarts, showRuns } from './lists.js';

const byId = (id) => document.getElementById(id);
/** How much of the past is kept, milliseconds. */
const HISTORY_MS = 130_000;

let points = [];
const cards = new Map();
const states = new Map();

/** Has the server carry out an action, and shows the reason if it fails. */
async function act(action, backend = '', number = 1) {
  const query = new URLSearchParams({ backend, count: String(number) });
  try {
    const response = await fetch(`/_demo/actions/${action}?${query}`, { method: 'POST', headers: { 'X-Demo': '1' } });
    const text = await response.text();
    showProblem(response.ok ? '' : text);
  } catch {
    showProblem('The demo does not answer.');
  }
}

function showProblem(text) {
  byId('problem').hidden = text === '';
  setText(byId('problem'), text);
}

/** What is between gateway and KEDA: those that this demo has. */
const PARTS = { dapr: 'Dapr', broker: 'Broker', scaler: 'Scaler' };

function showInfrastructure({ gateway, plugin, ...parts }) {
  const list = byId('infrastructure');
  if (list.children.length === 0) {
    list.append(infrastructureItem('gateway', 'Gateway'), infrastructureItem('plugin', 'Plugin'));
    for (const id of Object.keys(parts)) list.append(infrastructureItem(id, PARTS[id], true));
  }
  updateItem('gateway', { description: gateway, running: true });
  updateItem('plugin', { description: plugin, running: true });
  for (const [id, part] of Object.entries(parts)) updateItem(id, part);
}

function infrastructureItem(id, name, stoppable = false) {
  const about = element('span', { class: 'about' });
  const item = element('li', { id: `infrastructure-${id}` });
  item.append(
    element('span', { class: 'dot', 'aria-hidden': 'true' }),
    element('span', {}, element('b', {}, name), about),
  );
  if (stoppable) {
    const button = element('button', { type: 'button' }, 'Stop');
    button.addEventListener('click', () => act(id));
    item.append(button);
  }
  return item;
}

function updateItem(id, { description, running }) {
  const item = byId(`infrastructure-${id}`);
  item.classList.toggle('stopped', !running);
  setText(item.querySelector('.about'), running ? description : 'stopped');
  const button = item.querySelector('button');
  if (button === null) return;
  setText(button, running ? 'Stop' : 'Start');
  button.setAttribute('aria-label', `${running ? 'Stop' : 'Start'} ${item.querySelector('b').textContent}`);
}

/** Announces what changed to a screen reader: states, not every number. */
function announce(view) {
  const state = stateOf(view);
  if (states.get(view.name) === state) return;
  const first = !states.has(view.name);
  states.set(view.name, state);
  if (first) return;
  const texts = {
    waking: `${view.name} is waking, ${count(view.held, 'request')} held`,
    ready: `${view.name} is ready`,
    idle: `${view.name} is asleep`,
  };
  if (texts[state] !== undefined) setText(byId('status'), texts[state]);
}

function onTick({ at, infrastructure, backends, runs }) {
  const values = Object.fromEntries(
    backends.map(({ name, replicas, held, depth }) => {
      const ready = replicas.filter(({ phase }) => phase === 'ready').length;
      const present = replicas.filter(({ phase }) => phase !== 'stopping').length;
      return [name, [ready, present, held, depth ?? 0]];
    }),
  );
  points.push({ at, values });
  points = points.filter((point) => point.at > at - HISTORY_MS);
  showInfrastructure(infrastructure);
  for (const view of backends) {
    if (!cards.has(view.name)) {
      const card = makeCard(view, (action, number) => act(action, view.name, number));
      cards.set(view.name, card);
      byId('backends').append(card.root);
    }
    cards.get(view.name).update(view, points, at);
    announce(view);
  }
  showRuns(byId('runs'), runs, at);
  showColdStarts(byId('cold-starts'), backends);
}

const source = new EventSource('/_demo/feed');
source.addEventListener('history', ({ data }) => {
  const history = JSON.parse(data);
  points = history.points;
  byId('log').replaceChildren();
  for (const line of history.log) addLogLine(byId('log'), line);
});
source.addEventListener('tick', ({ data }) => onTick(JSON.parse(data)));
source.addEventListener('log', ({ data }) => addLogLine(byId('log'), JSON.parse(data)));
source.addEventListener('open', () => showProblem(''));
source.addEventListener('error', () => showProblem('The demo has stopped. Start it again with: npm run demo'));
