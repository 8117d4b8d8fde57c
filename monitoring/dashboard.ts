import { STATE_NUMBERS } from '../src/adapters/backend-readings';
import { STATES } from '../src/status/view';
import { M, quantile, S } from './query';

/** A panel with its queries. */
export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly kind: 'stat' | 'timeseries' | 'table';
  readonly unit: string;
  readonly width: number;
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
  /** What each value stands for: a line with steps, and these words at its axis. */
  readonly words?: readonly string[];
  /** Those of series whose names say good or bad. */
  readonly colours?: Readonly<Record<string, string>>;
}

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const RANGE = '$__rate_interval';
const ONE = '{backend="$backend"}';
const panel = (
  title: string,
  description: string,
  kind: Panel['kind'],
  unit: string,
  width: number,
  ...queries: readonly (readonly [expr: string, legend: string])[]
): Panel => ({ title, description, kind, unit, width, queries: queries.map(([expr, legend]) => ({ expr, legend })) });
const { asleep: ASLEEP, waking: WAKING, ready: READY } = STATE_NUMBERS;
/** The words of the status page, each at its number. */
const WORDS = Object.entries(STATE_NUMBERS)
  .toSorted(([, one], [, other]) => one - other)
  .map(([state]) => STATES[state as keyof typeof STATE_NUMBERS].words);
/** Every gateway node counts the same sleep. */
const asleep = (by: string, range: string): string => `sum${by} (max by (backend) (increase(${M.asleep}[${range}])))`;

export const ROWS: readonly Row[] = [
  {
    title: 'Overview',
    panels: [
      panel('Asleep', 'Backends without a pod', 'stat', 'none', 4, [
        `count(max by (backend) (${M.backendState}) == ${ASLEEP}) or vector(0)`,
        '',
      ]),
      panel('Waking', 'Backends that are woken now', 'stat', 'none', 4, [
        `count(max by (backend) (${M.backendState}) == ${WAKING}) or vector(0)`,
        '',
      ]),
      panel('Ready', 'Backends that are up', 'stat', 'none', 4, [
        `count(max by (backend) (${M.backendState}) == ${READY}) or vector(0)`,
        '',
      ]),
      panel('Replica-hours saved', 'Against one replica of each backend, in the range shown', 'stat', 'h', 4, [
        `${asleep('', '$__range')} / 3600`,
        '',
      ]),
      panel('Gateway nodes', 'Plugin servers, by version', 'stat', 'none', 4, [
        `sum by (version) (${M.build})`,
        '{{version}}',
      ]),
      panel('Room taken', 'By held requests, on the node with the least room', 'stat', 'percentunit', 4, [
        `max(${M.held} / ${M.heldLimit})`,
        '',
      ]),
      panel('Held', 'Requests that wait, by backend', 'timeseries', 'none', 12, [
        `sum by (backend) (${M.backendHeld})`,
        '{{backend}}',
      ]),
      panel('Rejected', 'Requests answered with an error, by its code', 'timeseries', 'reqps', 12, [
        `sum by (code) (rate(${M.rejections}[${RANGE}]))`,
        '{{code}}',
      ]),
    ],
  },
  {
    title: 'Backend $backend',
    panels: [
      {
        ...panel('State', 'As the gateway node sees it that knows most', 'timeseries', 'none', 8, [
          `max(${M.backendState}${ONE})`,
          'state',
        ]),
        words: WORDS,
      },
      panel('Held', 'Requests that wait for it', 'timeseries', 'none', 8, [`sum(${M.backendHeld}${ONE})`, 'held']),
      {
        ...panel('How holds ended', 'A second', 'timeseries', 'reqps', 8, [
          `sum by (outcome) (rate(${M.hold}_count${ONE}[${RANGE}]))`,
          '{{outcome}}',
        ]),
        colours: { released: 'green', SERVERLESS_HOLD_TIMEOUT: 'red' },
      },
      panel(
        'Time held',
        'Half, and 95 of 100 requests were held for less',
        'timeseries',
        's',
        8,
        [quantile(0.5, M.hold, RANGE, [], ONE), 'p50'],
        [quantile(0.95, M.hold, RANGE, [], ONE), 'p95'],
      ),
      panel('Messages', 'Handed to Dapr or the scaler, by what it said', 'timeseries', 'reqps', 8, [
        `sum by (reason, outcome) (rate(${M.messages}${ONE}[${RANGE}]))`,
        '{{reason}} {{outcome}}',
      ]),
      {
        ...panel('Probes', 'Of its health path, by outcome', 'timeseries', 'reqps', 8, [
          `sum by (outcome) (rate(${M.probes}${ONE}[${RANGE}]))`,
          '{{outcome}}',
        ]),
        colours: { passed: 'green', failed: 'orange' },
      },
    ],
  },
  {
    title: 'Cold starts',
    panels: [
      panel(
        'By phase, half of them faster',
        'From the first request: woken, address known, pod Ready, released',
        'timeseries',
        's',
        12,
        [quantile(0.5, M.coldStart, '$__range', ['phase']), '{{phase}}'],
      ),
      panel('By phase, 95 of 100 faster', 'Likewise', 'timeseries', 's', 12, [
        quantile(0.95, M.coldStart, '$__range', ['phase']),
        '{{phase}}',
      ]),
      panel('By outcome', 'In the range shown; a code: requests were answered with it meanwhile', 'table', 'none', 12, [
        `round(sum by (backend, outcome) (increase(${M.coldStarts}[$__range])))`,
        'cold starts',
      ]),
      panel(
        'What let requests go',
        'A probe at a pod’s address, one through the request’s worker, or the settle limit',
        'timeseries',
        'reqps',
        6,
        [`sum by (lane) (rate(${M.releases}[${RANGE}]))`, '{{lane}}'],
      ),
      panel('Releases by worker', 'Of nginx', 'timeseries', 'reqps', 6, [
        `sum by (worker) (rate(${M.workerReleases}[${RANGE}]))`,
        '{{worker}}',
      ]),
    ],
  },
  {
    title: 'Savings',
    panels: [
      panel('Replica-hours saved by backend', 'In the range shown', 'table', 'h', 12, [
        `${asleep(' by (backend)', '$__range')} / 3600`,
        'saved',
      ]),
      panel('Share of the time asleep', 'Of the backends that are known', 'timeseries', 'percentunit', 12, [
        `avg(max by (backend) (rate(${M.asleep}[${RANGE}])))`,
        'asleep',
      ]),
    ],
  },
  {
    title: 'Plugin servers',
    panels: [
      panel('Time of an access phase', 'That held nothing; 99 of 100 are faster', 'timeseries', 's', 8, [
        quantile(0.99, M.rpc, RANGE, ['kind']),
        '{{kind}}',
      ]),
      panel('Event loop', 'How late timers were', 'timeseries', 's', 8, [
        `max by (quantile) (${M.eventLoopLag})`,
        '{{quantile}}',
      ]),
      panel('Memory', 'Resident', 'timeseries', 'bytes', 8, [
        `${M.memory} and on (instance) ${M.build}`,
        '{{instance}}',
      ]),
      panel('Standby', '1: another process waits to take over', 'timeseries', 'none', 6, [M.standby, '{{instance}}']),
      panel('Lease renewals', 'Probes of backends that are up', 'timeseries', 'reqps', 6, [
        `sum(rate(${M.renewals}[${RANGE}]))`,
        'renewals',
      ]),
      panel('Up for', 'Since the process started', 'timeseries', 's', 6, [
        `time() - (${M.started} and on (instance) ${M.build})`,
        '{{instance}}',
      ]),
      panel(
        'Losses',
        'Lines of the log, and errors of observers',
        'timeseries',
        'none',
        6,
        [`sum(increase(${M.linesDropped}[${RANGE}]))`, 'log lines'],
        [`sum(increase(${M.observerFailures}[${RANGE}]))`, 'observers'],
      ),
    ],
  },
  {
    title: 'Scaler',
    panels: [
      panel('Streams of KEDA', 'One for each ScaledObject', 'timeseries', 'none', 8, [`sum(${S.streams})`, 'streams']),
      panel(
        'Topics',
        'Known, and wanted now',
        'timeseries',
        'none',
        8,
        [`max(${S.topics})`, 'known'],
        [`max(${S.activeTopics})`, 'wanted'],
      ),
      panel('Messages', 'By the way that they came', 'timeseries', 'reqps', 8, [
        `sum by (way) (rate(${S.messages}[${RANGE}]))`,
        '{{way}}',
      ]),
    ],
  },
];

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const HEIGHT = 7;
const WIDTH = 24;

function placed(): object[] {
  let id = 0;
  let y = 0;
  return ROWS.flatMap(({ title, panels }) => {
    const row = {
      id: (id += 1),
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: { h: 1, w: WIDTH, x: 0, y },
    };
    y += 1;
    let x = 0;
    const boxes = panels.map((one) => {
      if (x + one.width > WIDTH) [x, y] = [0, y + HEIGHT];
      const gridPos = { h: HEIGHT, w: one.width, x, y };
      x += one.width;
      return { id: (id += 1), gridPos, ...drawn(one) };
    });
    y += HEIGHT;
    return [row, ...boxes];
  });
}

function drawn({ title, description, kind, unit, queries, words, colours = {} }: Panel): object {
  return {
    ...{ type: kind, title, description, datasource: DATASOURCE },
    fieldConfig: {
      defaults: { unit, min: 0, ...(words === undefined ? {} : inWords(words)) },
      overrides: Object.entries(colours).map(([name, fixedColor]) => ({
        matcher: { id: 'byName', options: name },
        properties: [{ id: 'color', value: { mode: 'fixed', fixedColor } }],
      })),
    },
    // A table of now: when that is says nothing.
    ...(kind === 'table'
      ? {
          transformations: [
            { id: 'organize', options: { excludeByName: { Time: true }, renameByName: { Value: queries[0]?.legend } } },
          ],
        }
      : {}),
    options: kind === 'timeseries' ? { legend: { displayMode: 'list', placement: 'bottom' } } : {},
    targets: queries.map(({ expr, legend }, index) => ({
      ...{ refId: String.fromCharCode(65 + index), datasource: DATASOURCE, expr, legendFormat: legend },
      ...(kind === 'timeseries' ? {} : { instant: true, format: kind === 'table' ? 'table' : 'time_series' }),
    })),
  };
}

function inWords(words: readonly string[]): object {
  const options = Object.fromEntries(words.map((text, value) => [value, { text, index: value }]));
  return {
    ...{ max: words.length - 1, decimals: 0, custom: { lineInterpolation: 'stepAfter', fillOpacity: 20 } },
    mappings: [{ type: 'value', options }],
  };
}

/** The text of monitoring/dashboard.json. */
export function dashboard(): string {
  const model = {
    ...{
      uid: 'kong-serverless',
      title: 'Serverless: what sleeps, what wakes, what it saves',
      tags: ['kong', 'serverless'],
    },
    ...{ schemaVersion: 39, version: 1, editable: true, refresh: '10s', time: { from: 'now-6h', to: 'now' } },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' },
        {
          ...{ name: 'backend', type: 'query', label: 'Backend', datasource: DATASOURCE, refresh: 2, sort: 1 },
          query: `label_values(${M.backendState}, backend)`,
        },
      ],
    },
    panels: placed(),
  };
  return `${JSON.stringify(model, null, 2)}\n`;
}
