/** What is measured: Prometheus is told of it, and so is the reader of docs/metrics.md. */
export interface Instrument {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly Label[];
  /** The values of the label `outcome`. */
  readonly outcomes?: string;
  readonly meaning: string;
}

/** Labels take their values from the configuration and from this code, never from a client. */
export const LABELS = {
  backend: 'The `target` of the backend',
  outcome: 'How it ended: the values are below',
  reason: '`cold-start`: the message that wakes the backend; `activity`: one that keeps it up',
  lane:
    '`address`: a probe passed on the address of a pod; `worker`: one passed through the request’s own nginx worker; `settle`: every ' +
    'worker has had the time to follow the first',
  code: 'A code of [errors.md](errors.md)',
  way: '`direct`: a gateway published it here, or another replica passed it on; `subscribed`: Dapr delivered it',
} as const;

type Label = keyof typeof LABELS;

/** Every instrument there is, in the order of the page and of `/metrics`. */
export const INSTRUMENTS = {
  held: {
    name: 'serverless_requests_held',
    type: 'gauge',
    labels: [],
    meaning: 'Requests held now, in the whole process',
  },
  hold: {
    name: 'serverless_hold_seconds',
    type: 'histogram',
    labels: ['backend', 'outcome'],
    outcomes: '`released`; `client-gone`: the client left first; or the code of the error that it was answered with',
    meaning: 'How long a request was held, by how that ended',
  },
  releases: {
    name: 'serverless_releases_total',
    type: 'counter',
    labels: ['backend', 'lane'],
    meaning: 'Requests that were held and went on, by what let them go',
  },
  coldStart: {
    name: 'serverless_cold_start_seconds',
    type: 'histogram',
    labels: ['backend'],
    meaning: 'From the first request of a cold start until the backend was ready',
  },
  wake: {
    name: 'serverless_wake_seconds',
    type: 'histogram',
    labels: ['backend'],
    meaning: 'From the first request of a cold start until Dapr took the wake-up',
  },
  probes: {
    name: 'serverless_probes_total',
    type: 'counter',
    labels: ['backend', 'outcome'],
    outcomes:
      '`passed`; `failed`: another status; `timed-out`: no answer in time; `unanswered`: refused, reset, or not HTTP',
    meaning: 'Probes of the health path, by outcome',
  },
  messages: {
    name: 'serverless_messages_total',
    type: 'counter',
    labels: ['backend', 'reason', 'outcome'],
    outcomes: '`accepted`; `retry`: not now, so it is tried again; `refused`: Dapr will not take it',
    meaning: 'Messages handed to Dapr, by what it said',
  },
  rejections: {
    name: 'serverless_rejections_total',
    type: 'counter',
    labels: ['code'],
    meaning: 'Requests that the plugin answered with an error, by its code',
  },
  linesDropped: {
    name: 'serverless_log_lines_dropped_total',
    type: 'counter',
    labels: [],
    meaning: 'Lines of the log that were lost because standard error took none: a full disk, or nobody who reads',
  },
  observerFailures: {
    name: 'serverless_observer_failures_total',
    type: 'counter',
    labels: [],
    meaning: 'Errors while something was logged or counted, which nothing else has noticed: a bug, so please report it',
  },
} as const satisfies Readonly<Record<string, Instrument>>;

/** Those of `serverless scaler`, likewise. */
export const SCALER_INSTRUMENTS = {
  messages: {
    name: 'serverless_scaler_messages_total',
    type: 'counter',
    labels: ['way'],
    meaning: 'Messages of gateways, by the way that they came',
  },
  streams: {
    name: 'serverless_scaler_streams',
    type: 'gauge',
    labels: [],
    meaning: 'Streams of KEDA that are open: one for each ScaledObject, over all replicas',
  },
  topics: {
    name: 'serverless_scaler_topics',
    type: 'gauge',
    labels: [],
    meaning: 'Topics of which anything is known',
  },
  activeTopics: {
    name: 'serverless_scaler_active_topics',
    type: 'gauge',
    labels: [],
    meaning: 'Topics whose backends are wanted',
  },
} as const satisfies Readonly<Record<string, Instrument>>;

/** Upper bounds of the histograms' buckets, from a probe that passes at once to the longest hold that is usual. Seconds. */
export const BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300];
