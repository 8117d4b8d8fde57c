/**
 * Schemas of the custom resources that no npm package carries: the fields of Kong's, Dapr's and RabbitMQ's definitions, and nothing
 * else, so that a misspelt field is found. An API server would drop it in silence.
 */
const text = { type: 'string', minLength: 1 } as const;
const name = { type: 'string', pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$', maxLength: 253 } as const;

const metadata = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name,
    namespace: name,
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    annotations: { type: 'object', additionalProperties: { type: 'string' } },
  },
} as const;

const resource = (apiVersion: string, kind: string, required: readonly string[], properties: object): object => ({
  type: 'object',
  required: ['apiVersion', 'kind', 'metadata', ...required],
  additionalProperties: false,
  properties: { apiVersion: { const: apiVersion }, kind: { const: kind }, metadata, ...properties },
});

const record = (required: readonly string[], properties: object): object => ({
  type: 'object',
  required,
  additionalProperties: false,
  properties,
});

const reference = record(['name'], { name, namespace: name });
const port = { type: 'integer', minimum: 1, maximum: 65_535 } as const;
const flags = { durable: { type: 'boolean' }, autoDelete: { type: 'boolean' } };

const labels = { type: 'object', additionalProperties: { type: 'string' } } as const;
const scrape = { path: text, interval: { type: 'string', pattern: '^[0-9]+s$' } } as const;
const relabelings = {
  type: 'array',
  items: record([], {
    sourceLabels: { type: 'array', items: text },
    targetLabel: text,
    replacement: text,
  }),
} as const;

/** By apiVersion and kind. */
export const crds: Readonly<Record<string, object>> = {
  // kubernetes-ingress-controller 2.12, KongPlugin v1
  'configuration.konghq.com/v1 KongPlugin': resource('configuration.konghq.com/v1', 'KongPlugin', ['plugin'], {
    plugin: text,
    disabled: { type: 'boolean' },
    config: { type: 'object' },
    configFrom: record(['secretKeyRef'], { secretKeyRef: record(['name', 'key'], { name, key: text }) }),
    consumerRef: text,
    instance_name: text,
    run_on: { enum: ['first', 'second', 'all'] },
    protocols: { type: 'array', items: { enum: ['http', 'https', 'grpc', 'grpcs', 'tcp', 'tls', 'udp'] } },
  }),
  // gateway-api 1.x, as much of it as our manifests use
  'gateway.networking.k8s.io/v1 GatewayClass': resource('gateway.networking.k8s.io/v1', 'GatewayClass', ['spec'], {
    spec: record(['controllerName'], { controllerName: text }),
  }),
  'gateway.networking.k8s.io/v1 Gateway': resource('gateway.networking.k8s.io/v1', 'Gateway', ['spec'], {
    spec: record(['gatewayClassName', 'listeners'], {
      gatewayClassName: name,
      listeners: {
        type: 'array',
        items: record(['name', 'protocol', 'port'], { name, protocol: { enum: ['HTTP', 'HTTPS'] }, port }),
      },
    }),
  }),
  'gateway.networking.k8s.io/v1 HTTPRoute': resource('gateway.networking.k8s.io/v1', 'HTTPRoute', ['spec'], {
    spec: record(['parentRefs', 'rules'], {
      parentRefs: { type: 'array', minItems: 1, items: reference },
      rules: {
        type: 'array',
        items: record([], {
          matches: {
            type: 'array',
            items: record([], {
              path: record(['type', 'value'], {
                type: { enum: ['Exact', 'PathPrefix', 'RegularExpression'] },
                value: text,
              }),
            }),
          },
          filters: {
            type: 'array',
            items: record(['type', 'extensionRef'], {
              type: { const: 'ExtensionRef' },
              extensionRef: record(['group', 'kind', 'name'], { group: text, kind: text, name }),
            }),
          },
          backendRefs: { type: 'array', items: record(['name', 'port'], { name, port }) },
        }),
      },
    }),
  }),
  // dapr 1.18, Component v1alpha1
  'dapr.io/v1alpha1 Component': resource('dapr.io/v1alpha1', 'Component', ['spec'], {
    spec: record(['type', 'version', 'metadata'], {
      type: text,
      version: { enum: ['v1'] },
      ignoreErrors: { type: 'boolean' },
      initTimeout: text,
      metadata: {
        type: 'array',
        items: {
          ...record(['name'], {
            name: text,
            // Dapr reads text; YAML's true and 1 would arrive as something else.
            value: { type: 'string' },
            secretKeyRef: record(['name', 'key'], { name, key: text }),
          }),
          oneOf: [{ required: ['value'] }, { required: ['secretKeyRef'] }],
        },
      },
    }),
    auth: record(['secretStore'], { secretStore: text }),
    scopes: { type: 'array', minItems: 1, items: text },
  }),
  // dapr 1.18, Subscription v2alpha1
  'dapr.io/v2alpha1 Subscription': resource('dapr.io/v2alpha1', 'Subscription', ['spec'], {
    spec: record(['pubsubname', 'topic', 'routes'], {
      pubsubname: text,
      topic: text,
      routes: record([], {
        default: text,
        rules: { type: 'array', items: record(['match', 'path'], { match: text, path: text }) },
      }),
      metadata: { type: 'object', additionalProperties: { type: 'string' } },
      deadLetterTopic: text,
    }),
    scopes: { type: 'array', minItems: 1, items: text },
  }),
  // rabbitmq messaging-topology-operator 1.x, v1beta1
  'rabbitmq.com/v1beta1 Exchange': resource('rabbitmq.com/v1beta1', 'Exchange', ['spec'], {
    spec: record(['name', 'rabbitmqClusterReference'], {
      name: text,
      vhost: text,
      type: { enum: ['direct', 'fanout', 'headers', 'topic'] },
      ...flags,
      arguments: { type: 'object' },
      rabbitmqClusterReference: reference,
    }),
  }),
  'rabbitmq.com/v1beta1 Queue': resource('rabbitmq.com/v1beta1', 'Queue', ['spec'], {
    spec: record(['name', 'rabbitmqClusterReference'], {
      name: text,
      vhost: text,
      type: { enum: ['classic', 'quorum', 'stream'] },
      ...flags,
      arguments: { type: 'object' },
      rabbitmqClusterReference: reference,
    }),
  }),
  'rabbitmq.com/v1beta1 Binding': resource('rabbitmq.com/v1beta1', 'Binding', ['spec'], {
    spec: record(['source', 'destination', 'destinationType', 'rabbitmqClusterReference'], {
      vhost: text,
      source: text,
      destination: text,
      destinationType: { enum: ['exchange', 'queue'] },
      routingKey: { type: 'string' },
      arguments: { type: 'object' },
      rabbitmqClusterReference: reference,
    }),
  }),
  // prometheus-operator, as much of it as manifests/monitoring has
  'monitoring.coreos.com/v1 PodMonitor': resource('monitoring.coreos.com/v1', 'PodMonitor', ['spec'], {
    spec: record(['selector', 'podMetricsEndpoints'], {
      selector: record([], { matchLabels: labels }),
      podMetricsEndpoints: { type: 'array', items: record([], { ...scrape, relabelings }) },
    }),
  }),
  'monitoring.coreos.com/v1 ServiceMonitor': resource('monitoring.coreos.com/v1', 'ServiceMonitor', ['spec'], {
    spec: record(['selector', 'endpoints'], {
      selector: record([], { matchLabels: labels }),
      endpoints: { type: 'array', items: record(['port'], { ...scrape, port: text, relabelings }) },
    }),
  }),
  'monitoring.coreos.com/v1 PrometheusRule': resource('monitoring.coreos.com/v1', 'PrometheusRule', ['spec'], {
    spec: record(['groups'], {
      groups: {
        type: 'array',
        items: record(['name', 'rules'], {
          name: text,
          rules: {
            type: 'array',
            items: record(['alert', 'expr'], {
              ...{ alert: text, expr: text, for: { type: 'string', pattern: '^[0-9]+[smhd]$' } },
              ...{ labels, annotations: labels },
            }),
          },
        }),
      },
    }),
  }),
};
