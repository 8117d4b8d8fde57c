import { count, element, seconds, timeOf } from './elements.js';

/** Lines kept in the log. */
const LOG_LINES = 300;
/** Cold starts shown, over all services. */
const COLD_STARTS = 8;

const PHASES = [
  { style: 'phase-wake', name: 'wake-up published', end: 'wakeMs' },
  { style: 'phase-scale', name: 'KEDA saw the queue', told: 'KEDA was told', end: 'scaledMs' },
  { style: 'phase-start', name: 'replica started', end: 'addressMs' },
  { style: 'phase-boot', name: 'replica ready', end: 'replicaMs' },
  { style: 'phase-release', name: 'released', end: 'readyMs' },
];

/** What let those go that waited. */
const LANES = {
  address: 'sent to the replica itself',
  worker: 'released by the gateway’s worker',
  settle: 'released after the settle limit',
};

/** Shows the requests that were sent from this page. */
export function showRuns(list, runs, now) {
  const rows = runs.map((run) => element('li', { 'data-run': String(run.id) }, ...runCells(run, now)));
  list.replaceChildren(...(rows.length > 0 ? rows : [empty('None yet. Press “Send 1”.')]));
}

function runCells({ at, path, total, done, statuses, slowestMs, detail }, now) {
  const what = element('span', {}, `GET ${path}${total === 1 ? '' : ` × ${total}`}`);
  const time = element('time', {}, timeOf(at));
  if (done < total) {
    const waiting = `${total === 1 ? 'waiting' : `${done} of ${total} answered`}, ${seconds(Math.max(now - at, 0))}`;
    return [time, what, element('span', { class: 'waiting' }, waiting)];
  }
  const good = Object.keys(statuses).every((status) => status === '200');
  const answers = Object.entries(statuses).map(([status, times]) => {
    const name = status === '0' ? 'no answer' : status;
    return total === 1 ? name : `${times} × ${name}`;
  });
  const result = element('span', { class: good ? 'good' : 'bad' }, answers.join(', '));
  const after = element('span', { class: 'number' }, ` ${seconds(slowestMs)}`);
  const cells = [time, what, element('span', {}, result, after)];
  if (detail !== '') cells.push(element('span', { class: good ? 'detail' : 'detail bad' }, detail));
  return cells;
}

/** Shows the last cold starts of all services, each as a bar of its phases. */
export function showColdStarts(list, backends) {
  const all = backends.flatMap(({ name, pushed, coldStarts }) =>
    coldStarts.map((coldStart) => ({ name, pushed, ...coldStart })),
  );
  const latest = all.sort((a, b) => b.at.localeCompare(a.at)).slice(0, COLD_STARTS);
  const longest = Math.max(1, ...latest.map(({ readyMs }) => readyMs));
  const rows = latest.map((coldStart) => {
    const { bar, text } = phasesOf(coldStart);
    bar.style.width = `${(coldStart.readyMs / longest) * 100}%`;
    const about = [
      `${count(coldStart.held, 'request')} held`,
      `${count(coldStart.messages, 'message')} published`,
      count(coldStart.probes, 'probe'),
      LANES[coldStart.lane],
      ...(coldStart.podReadyMs > coldStart.readyMs
        ? [`Ready ${seconds(coldStart.podReadyMs - coldStart.readyMs)} later`]
        : []),
    ].join(', ');
    return element(
      'li',
      { title: text },
      element('time', {}, timeOf(coldStart.at)),
      element('span', {}, coldStart.name),
      bar,
      element('span', { class: 'number' }, seconds(coldStart.readyMs)),
      element('span', { class: 'detail' }, about, element('span', { class: 'visually-hidden' }, `. ${text}`)),
    );
  });
  list.replaceChildren(...(rows.length > 0 ? rows : [empty('None yet.')]));
}

/** A phase whose end is unknown counts towards the next one. */
function phasesOf(coldStart) {
  const bar = element('span', { class: 'bar', 'aria-hidden': 'true' });
  const texts = [];
  let begin = 0;
  for (const { style, name, told, end } of PHASES) {
    const at = coldStart[end];
    if (at === null || at === undefined || at < begin) continue;
    const phase = element('span', { class: style });
    phase.style.flexGrow = String(at - begin);
    bar.append(phase);
    texts.push(`${coldStart.pushed ? (told ?? name) : name} after ${seconds(at)}`);
    begin = at;
  }
  return { bar, text: texts.join(', ') };
}

/** Adds a line to the log, and keeps the end in view unless the user has scrolled up. */
export function addLogLine(list, { at, source, level, text }) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 30;
  list.append(
    element(
      'li',
      {},
      element('time', {}, `${timeOf(at)}.${String(at % 1000).padStart(3, '0')}`),
      element('span', { class: 'source' }, source),
      element('span', { class: level }, text),
    ),
  );
  while (list.children.length > LOG_LINES) list.firstChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function empty(text) {
  return element('li', { class: 'empty' }, text);
}
