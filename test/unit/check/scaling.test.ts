import { type Edits, found, plugin } from './edited';

type Replace = NonNullable<Edits['replace']>;

const SCALED_OBJECT = (name: string, rest = ''): string => `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: ${name}, namespace: kong}
spec:
  scaleTargetRef: {name: consumer}
  pollingInterval: 1
${rest}`;

describe('the ScaledObject', () => {
  test('a trigger without any way to its broker is found', () => {
    expect(found({ replace: [[/ {6}authenticationRef:\n.*\n/, '']] })).toEqual([
      expect.stringContaining('error trigger-auth'),
    ]);
    expect(
      found({
        replace: [
          [/ {6}authenticationRef:\n.*\n/, ''],
          ['queueName', 'hostFromEnv: A\n        queueName'],
        ],
      }),
    ).toEqual([]);
  });

  test('a ClusterTriggerAuthentication is for every namespace', () => {
    const add = 'apiVersion: keda.sh/v1alpha1\nkind: ClusterTriggerAuthentication\nmetadata: {name: rabbitmq}\n';
    expect(found({ add })).toEqual([]);
    expect(found({ add: add.replace('Cluster', '') })).toEqual([expect.stringContaining('error trigger-auth')]);
  });

  test('an activation value of 0, in words or numbers, is what KEDA does anyway', () => {
    expect(found({ replace: [['mode:', "activationValue: '0'\n        mode:"]] })).toEqual([]);
    expect(found({ replace: [['mode:', 'activationValue: none\n        mode:']] })).toEqual([]);
  });

  test('a HorizontalPodAutoscaler beside it is found', () => {
    const add =
      'apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: consumer, namespace: kong}\nspec:\n  scaleTargetRef: {kind: Deployment, name: consumer}\n';
    expect(found({ add })).toEqual([
      expect.stringContaining('error one-scaled-object: Deployment kong/consumer is scaled by'),
    ]);
    expect(found({ add: add.replace('spec:', 'x:').replace('{kind: Deployment, name: consumer}', '{}') })).toEqual([]);
  });

  test('the same ScaledObject for several brokers is one, of which one is applied', () => {
    const other = SCALED_OBJECT(
      'consumer-scaledobject',
      '  triggers:\n    - type: aws-sqs-queue\n      metadata: {queueURL: serverless}\n',
    );
    expect(found({ add: other })).toEqual([]);
  });

  test('its target is not looked for where only a Deployment that serves nobody is among the files', () => {
    const replace: Replace = [
      [/kind: Service\n[^]*?---\n/, 'kind: ConfigMap\n---\n'],
      [
        /name: consumer\n {2}namespace: kong\nspec:\n {2}selector/,
        'name: sweeper\n  namespace: kong\nspec:\n  selector',
      ],
    ];
    expect(found({ replace })).toEqual([]);
  });

  test('what scales something else than a Deployment is not looked for', () => {
    const add = SCALED_OBJECT('rollout').replace('{name: consumer}', '{kind: Rollout, name: x}');
    expect(found({ add })).toEqual([]);
  });

  test('a trigger that reads no queue does not stand in the way of one that does', () => {
    expect(
      found({ replace: [['  triggers:\n', '  triggers:\n    - type: cron\n      metadata: {start: 0 8 * * *}\n']] }),
    ).toEqual([]);
  });

  test('a long poll of a worker that no plugin wakes is its own business', () => {
    const worker = SCALED_OBJECT('worker-scaledobject', '  triggers: []\n')
      .replace('{name: consumer}', '{kind: Rollout, name: worker}')
      .replace('pollingInterval: 1', 'pollingInterval: 30');
    expect(found({ add: worker })).toEqual([]);
  });

  test('without the Deployment among the files, the ScaledObject is found by the name of the Service', () => {
    const replace: Replace = [[/---\napiVersion: v1\nkind: Service[^]*?(?=---\napiVersion: rabbitmq)/, '']];
    expect(found({ replace })).toEqual([]);
    expect(found({ replace: [...replace, ['pollingInterval: 1', 'pollingInterval: 10']] })).toEqual([
      expect.stringContaining('warning polling-interval'),
    ]);
  });
});

describe('the backend', () => {
  test('a StatefulSet can sleep too', () => {
    const replace: Replace = [
      ['kind: Deployment', 'kind: StatefulSet'],
      ['scaleTargetRef:', 'scaleTargetRef:\n    kind: StatefulSet'],
    ];
    expect(found({ replace })).toEqual([]);
  });

  test('a readiness probe without a path has none that could differ', () => {
    expect(found({ replace: [[/httpGet:\n.*\n.*\n/, 'tcpSocket: {port: 80}\n']] })).toEqual([]);
  });

  test('a direct probe is compared by the path of its URL', () => {
    const url = (path: string): Replace => [
      ['config:', `config:\n  probe:\n    url: http://consumer.kong.svc:8080${path}`],
    ];
    expect(found({ replace: url('/kong/healthz?full=1') })).toEqual([]);
    expect(found({ replace: url('/ready') })).toEqual([expect.stringContaining('warning readiness-path')]);
  });

  test('a hold_timeout that is too short is pointed at itself', () => {
    const replace: Replace = [
      ['config:', 'config:\n  hold_timeout: 1500'],
      ['periodSeconds: 1', 'periodSeconds: 1\n            successThreshold: 2'],
    ];
    expect(found({ replace })).toEqual([
      "warning hold-deadline: A request is held for 1500 ms; KEDA's poll and the readinessProbe alone may take 3000 ms.",
    ]);
  });

  test('the initial delay of a startupProbe counts', () => {
    const replace: Replace = [
      ['          readinessProbe:', '          startupProbe: {initialDelaySeconds: 60}\n          readinessProbe:'],
    ];
    expect(found({ replace })).toEqual([expect.stringContaining('error hold-deadline')]);
  });

  test('two backends with one Deployment may share a queue', () => {
    const second = '    - target: /kong/b\n      pubsub: kong-serverless-plugin\n      topic: serverless\n';
    expect(found({ replace: [[/(?<=topic: serverless\n)(?=---)/, second]] })).toEqual([]);
  });

  test('a configuration in a Secret is not judged', () => {
    const add = plugin('serverless', '')
      .replace('config: ', 'configFrom: {secretKeyRef: {name: a, key: b}}')
      .replace('name: other', 'name: other2');
    expect(found({ replace: [['plugins: serverless', 'plugins: serverless, other2']], add })).toEqual([]);
  });

  test('a plugin without a configuration is an error', () => {
    const add = plugin('serverless', '');
    expect(found({ replace: [['plugins: serverless', 'plugins: serverless, other']], add })).toEqual([
      expect.stringContaining('error plugin-config'),
    ]);
  });
});
