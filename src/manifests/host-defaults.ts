/**
 * What the hosts take where a document says nothing. Every default that a view, a rule of `check`, `doctor` or the demo counts on
 * stands here and nowhere else. Each names where it is from: the host's reference, its source, or a fact of docs/host-facts.md.
 */

/** KEDA: https://keda.sh/docs/latest/reference/scaledobject-spec/ */
export const KEDA = {
  targetKind: 'Deployment',
  pollingIntervalMs: 30_000,
  cooldownMs: 300_000,
  minReplicas: 0,
  maxReplicas: 100,
  metricType: 'AverageValue',
  /** pkg/scalers/rabbitmq_scaler.go: `defaultRabbitMQQueueLength`, and no activation value. */
  rabbitmq: { mode: 'QueueLength', messagesPerReplica: 20, activation: 0 },
} as const;

/** Kubernetes: the defaults of its API (pkg/apis/core/v1/defaults.go, pkg/apis/autoscaling/v2/defaults.go). */
export const KUBERNETES = {
  namespace: 'default',
  replicas: 1,
  /** `terminationGracePeriodSeconds`; Kong's chart has the same. */
  gracePeriodMs: 30_000,
  probe: {
    path: '/',
    initialDelaySeconds: 0,
    periodSeconds: 10,
    timeoutSeconds: 1,
    successThreshold: 1,
    failureThreshold: 3,
  },
  hpa: {
    select: 'Max',
    scaleUp: {
      windowMs: 0,
      policies: [
        { type: 'Pods', value: 4, periodMs: 15_000 },
        { type: 'Percent', value: 100, periodMs: 15_000 },
      ],
    },
    scaleDown: { windowMs: 300_000, policies: [{ type: 'Percent', value: 100, periodMs: 15_000 }] },
  },
} as const;

/** Kong 2.8: kong.conf.default, and the nginx modules that it is built on. */
export const KONG = {
  plugins: 'bundled',
  /** `lua_socket_read_timeout`: how long Kong waits for one answer of the plugin server (K1). */
  readTimeoutMs: 60_000,
  /** `read_timeout` of a Service in Kong: how long a backend may be silent. */
  serviceReadTimeoutMs: 60_000,
  /** `upstream_keepalive_idle_timeout`: how long a connection to a backend is kept that nobody uses. */
  upstreamIdleMs: 60_000,
  /** `lua_check_client_abort` (K11). */
  checkClientAbort: 'off',
  /** Most connections of an nginx worker, whatever the limit of its process (K5). */
  workerConnections: 16_384,
  /** `strip_path` of a route in Kong's own configuration. */
  stripPath: true,
} as const;

/** The Gateway API: https://gateway-api.sigs.k8s.io/reference/spec/#httppathmatch */
export const GATEWAY_API = { pathType: 'PathPrefix', path: '/' } as const;

/** Kong's ingress controller, 2.x and 3.x. */
export const KIC = {
  /** `konghq.com/strip-path`; unlike Kong's own. */
  stripPath: false,
  /** `--proxy-sync-seconds`: how long a change of the endpoints may take to reach Kong (I1). */
  syncMs: 3000,
} as const;

/** Dapr: https://docs.dapr.io/reference/components-reference/supported-pubsub/setup-rabbitmq/ */
export const DAPR = {
  /** The sidecar's metrics: `dapr.io/metrics-port` (D15). */
  metricsPort: 9090,
  /** Its other ports in a pod, which the injector fixes: pkg/injector. */
  sidecarPorts: [
    [3500, 'HTTP API'],
    [3501, 'public HTTP API'],
    [50001, 'gRPC API'],
    [50002, 'calls of other sidecars'],
  ] as readonly (readonly [number, string])[],
  rabbitmq: {
    exchangeKind: 'fanout',
    /** D2. */
    reconnectWaitSeconds: 3,
    /** Any but 2 is transient (D6). */
    deliveryMode: '0',
    /** No limit. */
    prefetchCount: 0,
  },
} as const;

/** RabbitMQ: definitions, and the resources of its topology operator. */
export const RABBITMQ = { exchangeType: 'direct', destinationType: 'queue', policyAppliesTo: 'all' } as const;

/** AWS SQS: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sqs-queue.html */
export const SQS = {
  /** Four days. */
  messageRetentionSeconds: 345_600,
} as const;
