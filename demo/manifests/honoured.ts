import { RABBITMQ_DEFINITIONS } from '../../src/manifests/kinds';
import type { Manifest } from '../../src/manifests/manifest';
import { documentField } from './field';
import {
  anything,
  integer,
  list,
  loose,
  mapOf,
  oneOf,
  record,
  required,
  seconds,
  single,
  string,
  withoutMeaning,
} from './shape';
import type { Shape } from './shape';

/**
 * Every kind and field that the demo honours; what is neither here nor among what means nothing on one machine is an error, so that
 * a demo never shows something else than its manifests say. src/manifests reads what is allowed here.
 */
export function assertHonoured(manifest: Manifest): void {
  const body = documentField(manifest);
  const kind = body.get('kind');
  const shape = HONOURED[manifest.kind];
  if (manifest.kind === '') kind.string();
  if (shape === undefined && !KINDS_WITHOUT_MEANING.has(manifest.kind)) kind.fail('the demo cannot honour this kind');
  if (manifest.kind !== RABBITMQ_DEFINITIONS) NAMED(body);
  shape?.(body);
}

const NAMED = loose({ metadata: loose({ name: required(string), namespace: string }) });

const KINDS_WITHOUT_MEANING = new Set([
  ...['Namespace', 'Secret', 'ServiceAccount', 'TriggerAuthentication', 'PodDisruptionBudget', 'NetworkPolicy'],
  ...['Role', 'RoleBinding'],
]);

const readinessProbe = record({
  httpGet: record({ path: string, port: anything, scheme: anything }),
  initialDelaySeconds: seconds,
  periodSeconds: seconds,
  timeoutSeconds: seconds,
  successThreshold: integer,
  failureThreshold: integer,
});

const container = record({
  image: required(string),
  args: list(required(string)),
  // What stands for the container reads these: process.ts.
  ...withoutMeaning('env', 'envFrom', 'volumeMounts'),
  ports: list(loose({ containerPort: required(integer), name: string })),
  readinessProbe,
  lifecycle: record({ preStop: record({ exec: anything, sleep: loose({ seconds }) }) }),
  // Who may do what, how much it may take, and probes of containers that the demo does not restart.
  ...withoutMeaning('imagePullPolicy', 'resources', 'securityContext', 'name', 'livenessProbe', 'startupProbe'),
});

const deployment = loose({
  spec: record({
    replicas: integer,
    template: record({
      metadata: loose({ labels: mapOf(required(string)), annotations: mapOf(required(string)) }),
      spec: record({
        containers: single(container),
        volumes: list(anything),
        terminationGracePeriodSeconds: seconds,
        // Who runs it and where it is put: one machine runs everything.
        ...withoutMeaning('automountServiceAccountToken', 'securityContext', 'serviceAccountName', 'nodeSelector'),
        ...withoutMeaning('tolerations', 'affinity', 'topologySpreadConstraints', 'priorityClassName'),
        ...withoutMeaning('imagePullSecrets', 'enableServiceLinks'),
      }),
    }),
    ...withoutMeaning('selector', 'strategy', 'revisionHistoryLimit', 'progressDeadlineSeconds'),
  }),
});

const ingress = loose({
  metadata: loose({
    annotations: record({
      'konghq.com/plugins': string,
      'konghq.com/strip-path': string,
      'kubernetes.io/ingress.class': anything,
    }),
  }),
  spec: record({
    ingressClassName: anything,
    rules: list(
      record({
        host: string,
        http: loose({
          paths: list(
            record({
              path: string,
              pathType: required(
                oneOf(['Prefix', 'Exact', 'ImplementationSpecific'], (got) => `'${got}' is not a path type`),
              ),
              backend: record({
                service: loose({ name: required(string), port: record({ number: integer, name: string }) }),
              }),
            }),
          ),
        }),
      }),
    ),
  }),
});

const scalingRules = record({
  stabilizationWindowSeconds: seconds,
  selectPolicy: oneOf(['Max', 'Min', 'Disabled']),
  policies: list(
    loose({
      type: required(oneOf(['Pods', 'Percent'])),
      value: required(integer),
      periodSeconds: required(seconds),
    }),
  ),
});

const rabbitmqTrigger = record({
  type: required(oneOf(['rabbitmq'], (got) => `the demo has no ${got} queue`)),
  metricType: oneOf(['AverageValue'], () => 'the demo knows only AverageValue'),
  metadata: record({
    queueName: required(string),
    mode: oneOf(['QueueLength'], () => 'the demo knows only QueueLength'),
    ...{ value: integer, queueLength: integer, activationValue: integer },
    // Where the broker is: the demo brings its own.
    ...withoutMeaning('protocol', 'host', 'hostFromEnv', 'vhostName'),
  }),
  ...withoutMeaning('authenticationRef', 'name'),
});

const pushTrigger = record({
  type: anything,
  metadata: record({
    ...{ pubsub: required(string), topic: required(string), targetRequests: integer },
    // Where the scaler is: the demo brings its own.
    ...withoutMeaning('scalerAddress'),
  }),
  ...withoutMeaning('authenticationRef', 'name'),
});

const trigger: Shape = (field) => {
  (field.get('type').string() === 'external-push' ? pushTrigger : rabbitmqTrigger)(field);
};

const scaledObject = loose({
  spec: record({
    scaleTargetRef: record({
      name: required(string),
      kind: oneOf(['Deployment'], () => 'the demo scales Deployments'),
      apiVersion: anything,
    }),
    ...{ pollingInterval: seconds, cooldownPeriod: seconds, minReplicaCount: integer, maxReplicaCount: integer },
    advanced: record({
      horizontalPodAutoscalerConfig: record({
        behavior: record({ scaleUp: scalingRules, scaleDown: scalingRules }),
        name: anything,
      }),
      restoreToOriginalReplicaCount: anything,
    }),
    triggers: single(trigger),
  }),
});

/** Dapr's metadata items that must be numbers; it compares their names without regard to case. */
const NUMERIC_METADATA = /^(reconnectWaitSeconds|prefetchCount)$/i;

const component = record({
  ...withoutMeaning('apiVersion', 'kind', 'metadata', 'auth'),
  spec: record({
    type: required(oneOf(['pubsub.rabbitmq'], (got) => `the demo has no broker for ${got}`)),
    metadata: list((item) => {
      const numeric = NUMERIC_METADATA.test(item.get('name').string());
      (numeric ? integer : anything)(item.get('value'));
    }),
    ...withoutMeaning('version', 'initTimeout', 'ignoreErrors'),
  }),
  scopes: list(required(string)),
});

const definitions = record({
  exchanges: list(
    loose({
      name: required(string),
      type: required(oneOf(['fanout'], () => 'the demo has only fanout exchanges')),
    }),
  ),
  queues: list(
    loose({ name: required(string), arguments: record({ 'x-message-ttl': integer, 'x-queue-type': anything }) }),
  ),
  bindings: list(
    loose({
      source: required(string),
      destination: required(string),
      destination_type: oneOf(['queue'], () => 'the demo binds only queues'),
    }),
  ),
  // Of a policy the message TTL counts.
  policies: anything,
  ...withoutMeaning('rabbit_version', 'vhosts', 'users', 'permissions'),
});

const HONOURED: Readonly<Record<string, Shape>> = {
  ConfigMap: loose({ data: mapOf(required(string)) }),
  Deployment: deployment,
  Service: loose({ spec: loose({ selector: mapOf(required(string)), ports: list(anything) }) }),
  Ingress: ingress,
  // Its configuration is judged by the plugin's own schema: ../kong/schema.ts.
  KongPlugin: record({
    plugin: required(string),
    ...withoutMeaning('apiVersion', 'kind', 'metadata', 'config', 'disabled', 'protocols', 'run_on'),
  }),
  Component: component,
  ScaledObject: scaledObject,
  [RABBITMQ_DEFINITIONS]: definitions,
};
