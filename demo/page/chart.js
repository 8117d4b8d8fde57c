/* global document */

/** The timeline of one service: what is held, the depth of its queue, its replicas, each in a lane of its own. */

const NAMESPACE = 'http://www.w3.org/2000/svg';
/** How much of the past is shown, milliseconds. */
const SPAN_MS = 120_000;
const WIDTH = 560;
const LEFT = 62;
const RIGHT = 38;
const LANE = 31;
const GAP = 5;

/** Index of each lane's value in a point: ready replicas, replicas in all, held, messages. */
const LANES = [
  { name: 'held', label: 'held', index: 2 },
  { name: 'queue', label: 'messages', index: 3 },
  { name: 'replicas', label: 'replicas', index: 0, ghost: 1 },
];

function svg(name, attributes, text = '') {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value));
  made.textContent = text;
  return made;
}

/** Makes a chart; `update(history, now)` draws it. A worker gets no requests: it has jobs in its queue, and none are held. */
export function makeChart(service, isWorker) {
  const lanes = isWorker ? LANES.slice(1) : LANES;
  const height = lanes.length * (LANE + GAP) + 16;
  const root = svg('svg', { class: 'chart', viewBox: `0 0 ${WIDTH} ${height}`, role: 'img' });
  const drawn = lanes.map((lane, place) => {
    const base = place * (LANE + GAP) + LANE;
    const group = svg('g', { class: `lane-${lane.name}` });
    const ghost = svg('path', { class: 'starting' });
    const path = svg('path', {});
    const value = svg('text', { class: 'value', x: WIDTH - 4, y: base - 4 });
    const axis = { class: 'axis', x1: LEFT, x2: WIDTH - RIGHT, y1: base + 0.5, y2: base + 0.5 };
    group.append(svg('line', axis), svg('text', { x: 0, y: base - 4 }, labelOf(lane, isWorker)), ghost, path, value);
    root.append(group);
    return { ...lane, label: labelOf(lane, isWorker), base, path, ghostPath: ghost, value };
  });
  for (const ago of [120, 90, 60, 30, 0]) {
    const x = xOf(-ago * 1000);
    root.append(svg('text', { class: 'tick', x, y: height - 2 }, ago === 0 ? 'now' : `−${ago} s`));
  }

  function update(history, now) {
    const recent = history.filter(({ at }) => at >= now - SPAN_MS - 1000);
    const points = recent.map(({ at, values }) => ({ at: at - now, values: values[service] ?? [0, 0, 0, 0] }));
    for (const { index, ghost, base, path, ghostPath, value } of drawn) {
      const top = Math.max(1, ...points.map(({ values }) => Math.max(values[index], values[ghost ?? index])));
      path.setAttribute('d', areaOf(points, index, base, top));
      if (ghost !== undefined) ghostPath.setAttribute('d', areaOf(points, ghost, base, top));
      value.textContent = String(points.at(-1)?.values[index] ?? 0);
    }
    root.setAttribute('aria-label', summaryOf(service, drawn, points));
  }
  return { root, update };
}

function labelOf({ name, label }, isWorker) {
  return isWorker && name === 'queue' ? 'jobs' : label;
}

/** The x coordinate of a time, in milliseconds relative to now. */
function xOf(fromNow) {
  return WIDTH - RIGHT + (fromNow / SPAN_MS) * (WIDTH - LEFT - RIGHT);
}

/** The values over time as a filled path. */
function areaOf(points, index, base, top) {
  if (points.length === 0) return '';
  const y = (value) => (base - (value / top) * (LANE - 4)).toFixed(1);
  const x = (at) => Math.max(LEFT, xOf(at)).toFixed(1);
  let path = `M${x(points[0].at)},${base}`;
  let last = 0;
  for (const { at, values } of points) {
    if (values[index] === last) continue;
    path += `H${x(at)}V${y(values[index])}`;
    last = values[index];
  }
  return `${path}H${x(0)}V${base}Z`;
}

function summaryOf(service, lanes, points) {
  const texts = lanes.map(({ label, index }) => {
    const most = Math.max(0, ...points.map(({ values }) => values[index]));
    return `${label} now ${points.at(-1)?.values[index] ?? 0}, at most ${most}`;
  });
  return `${service}, the last two minutes: ${texts.join('; ')}`;
}
