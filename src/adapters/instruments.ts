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
  reason:
    '`cold-start`: the message that wakes the backend; `activity`: one that keeps it up; `companion`: one that wakes what `wakes_with` names',
  lane:
    '`address`: a probe passed on the address of a pod; `worker`: one passed through the request’s own nginx worker; `settle`: every ' +
    'worker has had the time to follow the first',
  code: 'A code of [errors.md](errors.md)',
  phase:
    'Of a cold start, each from the arrival of its first request: `woken`: Dapr (or the scaler) had taken the wake-up; `address`: ' +
    'Kubernetes showed the address of a pod; `pod-ready`: and that it is Ready; `released`: a probe had passed, and those who waited went ' +
    'on. The middle two are known where EndpointSlices are watched',
  worker:
    'An nginx worker, by a number that a later worker gets when this one is gone: no more numbers than workers at a time',
  kind: '`unread`: passed at once, without a call to Kong; `read`: Kong was asked something about the request',
  quantile: 'Of the time since the last scrape',
  version: 'Of the plugin',
  node: 'Of Node.js',
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
  heldLimit: {
    name: 'serverless_requests_held_limit',
    type: 'gauge',
    labels: [],
    meaning: 'How many it may be: `SERVERLESS_MAX_HELD`',
  },
  backendHeld: {
    name: 'serverless_backend_requests_held',
    type: 'gauge',
    labels: ['backend'],
    meaning: 'Requests held now, for each backend',
  },
  backendState: {
    name: 'serverless_backend_state',
    type: 'gauge',
    labels: ['backend'],
    meaning:
      'What is known of the backend: 0 nothing, for nobody asks; 1 it sleeps, as Kubernetes shows no pod; 2 it is being probed; 3 it is being woken; 4 it is ready',
  },
  asleep: {
    name: 'serverless_backend_asleep_seconds_total',
    type: 'counter',
    labels: ['backend'],
    meaning:
      'How long the backend had no pod: replica-seconds that were saved against `minReplicas: 1`. Where EndpointSlices are watched, from the first request on that this process saw for it. Every gateway node counts it: take the maximum over them, not the sum',
  },
  hold: {
    name: 'serverless_hold_seconds',
    type: 'histogram',
    labels: ['backend', 'outcome'],
    outcomes:
      '`released`; `client-gone`: the client left first; `answered`: it had its answer before, such as the waiting page, and the hold of another stands for it; or the code of the error that it was answered with',
    meaning: 'How long a request was held, by how that ended',
  },
  releases: {
    name: 'serverless_releases_total',
    type: 'counter',
    labels: ['backend', 'lane'],
    meaning: 'Requests that were held and went on, by what let them go',
  },
  workerReleases: {
    name: 'serverless_worker_releases_total',
    type: 'counter',
    labels: ['worker'],
    meaning: 'The same by the nginx worker that they wait on',
  },
  coldStart: {
    name: 'serverless_cold_start_seconds',
    type: 'histogram',
    labels: ['backend', 'phase'],
    meaning: 'How far a cold start had come, from its first request on; `released` is all of it',
  },
  coldStarts: {
    name: 'serverless_cold_starts_total',
    type: 'counter',
    labels: ['backend', 'outcome'],
    outcomes:
      '`ready`: those who waited went on; the code of an error: requests were answered with it, for the first time in this cold start, which goes on nevertheless and may count as `ready` later',
    meaning: 'Cold starts, by how they ended or what went wrong in them',
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
  renewals: {
    name: 'serverless_lease_renewals_total',
    type: 'counter',
    labels: ['backend'],
    meaning: 'How often a request found a lease in its second half, and had it renewed by a probe',
  },
  rejections: {
    name: 'serverless_rejections_total',
    type: 'counter',
    labels: ['code'],
    meaning: 'Requests that the plugin answered with an error, by its code',
  },
  rpc: {
    name: 'serverless_rpc_seconds',
    type: 'histogram',
    labels: ['kind'],
    meaning:
      'From a request’s call to this plugin server until the access phase was over, in this process; without those that were held, which `serverless_hold_seconds` counts',
  },
  eventLoopLag: {
    name: 'serverless_event_loop_lag_seconds',
    type: 'gauge',
    labels: ['quantile'],
    meaning:
      'How late timers were: how long everything else had to wait for its turn. Measured from the first scrape on',
  },
  standby: {
    name: 'serverless_standby_present',
    type: 'gauge',
    labels: [],
    meaning:
      '1: another plugin server waits to take over from this one; 0: none does, and requests fail while this one is gone',
  },
  started: {
    name: 'process_start_time_seconds',
    type: 'gauge',
    labels: [],
    meaning: 'When the process started, in seconds since 1970',
  },
  memory: {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    labels: [],
    meaning: 'Memory of the process',
  },
  build: {
    name: 'serverless_build_info',
    type: 'gauge',
    labels: ['version', 'node'],
    meaning: 'Always 1',
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

/** Upper bounds of the buckets of `serverless_rpc_seconds`, from a request that passes at once to a process that has no time. Seconds. */
export const RPC_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5];
/** Upper bounds of the other histograms' buckets, from a probe that passes at once to the longest hold that is usual. Seconds. */
export const BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300];
