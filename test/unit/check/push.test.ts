import { join } from 'node:path';
import { checkSources } from '../../../src/check/run';
import { readSources } from '../../../src/manifests/walk';

const root = join(__dirname, '../../..');
const gateway = { appId: undefined, namespace: 'kong', url: 'http://127.0.0.1:8000', skip: [] };
const BACKEND = ['manifests/base/kong-plugin.yaml', 'manifests/base/ingress.yaml', 'sample/consumer'];
const DIRECT = [...BACKEND, 'kong/values.yaml', 'kong/values-push.yaml', 'manifests/scaler', 'keda/push'];
const DAPR = [...BACKEND, 'kong/values.yaml', 'manifests/scaler-dapr', 'keda/push'];
const QUEUE = ['manifests/rabbitmq/definitions.json', 'keda/push-and-queue'];

type Edit = readonly [file: RegExp, find: RegExp, replace: string];

/** `severity rule: message` of each finding in these files, once they are edited. */
function found(paths: readonly string[], ...edits: readonly Edit[]): string[] {
  const read = readSources(
    paths.map((path) => join(root, path)),
    () => '',
    'default',
  );
  const sources = read.map((source) => {
    const mine = edits.filter(([file]) => file.test(source.file));
    return { ...source, text: mine.reduce((text, [, find, replace]) => text.replace(find, replace), source.text) };
  });
  if (edits.length > 0 && sources.every(({ text }, at) => text === read[at]?.text))
    throw new Error('nothing to change');
  return checkSources(sources, gateway).findings.map(
    ({ severity, rule, message }) => `${severity} ${rule}: ${message}`,
  );
}

test('the smallest installation, and the one with Dapr, are in order', () => {
  expect(found(DIRECT)).toEqual([]);
  expect(found(DAPR)).toEqual([]);
  expect(found([...DAPR.filter((path) => path !== 'keda/push'), ...QUEUE])).toEqual([]);
});

describe('without Dapr', () => {
  test('a scaler that no gateway publishes to hears of nothing; without the values nobody can tell', () => {
    const unheard = [
      'error push-told: No gateway publishes to Deployment kong/serverless-scaler, and it has no Dapr sidecar.',
    ];
    const without = DIRECT.filter((path) => !path.includes('values-push'));
    expect(found(without)).toEqual(unheard);
    expect(found(DIRECT, [/values-push/, /serverless-scaler\.kong\.svc:9091/, 'scaler:9091'])).toEqual(unheard);
    expect(found(DIRECT, [/values-push/, /http:\S+/, 'no URL'])).toEqual(unheard);
    expect(found(without.filter((path) => !path.includes('values')))).toEqual([]);
  });

  test("the gateway's Deployment says the same as the values that it is rendered from", () => {
    const rendered = `apiVersion: apps/v1
kind: Deployment
metadata: {name: kong, namespace: kong}
spec:
  template:
    spec:
      terminationGracePeriodSeconds: 75
      containers:
        - name: proxy
          env:
            - {name: KONG_PLUGINS, value: 'bundled,serverless'}
            - {name: KONG_PLUGINSERVER_NAMES, value: serverless}
            - {name: SERVERLESS_KUBERNETES, value: 'off'}
            - {name: DAPR_HTTP_ENDPOINT, value: 'http://serverless-scaler.kong.svc.cluster.local:9091'}
`;
    const paths = DIRECT.filter((path) => !path.includes('values')).map((path) => join(root, path));
    const rules = (text: string): string[] => {
      const sources = [...readSources(paths, () => '', 'default'), { file: 'kong.yaml', text, namespace: 'default' }];
      return checkSources(sources, gateway).findings.map(({ rule }) => rule);
    };
    expect(rules(rendered).filter((rule) => /push|dapr/.test(rule))).toEqual([]);
    expect(rules(rendered.replace(/.*DAPR_HTTP.*\n/, ''))).toEqual(
      expect.arrayContaining(['push-told', 'gateway-dapr']),
    );
  });

  test('replicas that cannot tell each other', () => {
    expect(found(DIRECT, [/scaler\.yaml/, /- name: SERVERLESS_SCALER_PEERS\n.*\n/, ''])).toEqual([
      'error push-replicas: 2 replicas of Deployment kong/serverless-scaler, and no SERVERLESS_SCALER_PEERS.',
    ]);
    expect(found(DIRECT, [/scaler\.yaml/, /clusterIP: None/, 'type: ClusterIP'])).toEqual([
      'error push-replicas: Service kong/serverless-scaler-peers, which SERVERLESS_SCALER_PEERS names, leads to one replica at a time.',
    ]);
    const [peers, one]: Edit[] = [
      [/scaler\.yaml/, /- name: SERVERLESS_SCALER_PEERS\n.*\n/, ''],
      [/scaler\.yaml/, /replicas: 2/, 'replicas: 1'],
    ];
    expect(found(DIRECT, peers!, one!)).toEqual([]);
  });

  test('a port of its own for gRPC', () => {
    const elsewhere: Edit = [
      /scaler\.yaml/,
      /env:\n/,
      'env:\n            - {name: SERVERLESS_SCALER_GRPC_LISTEN, value: "[::]:7000"}\n',
    ];
    expect(found(DIRECT, elsewhere)).toEqual([
      'error push-trigger: Port 9090 leads to 9090 of Deployment kong/serverless-scaler; gRPC is at 7000.',
    ]);
    expect(found(DIRECT, elsewhere, [/scaler\.yaml/, /containerPort: 9090/, 'containerPort: 7000'])).toEqual([]);
  });
});

describe('behind Dapr', () => {
  const SUBSCRIPTION = /scaler-dapr\/subscription/;
  const untold = (instead: string): string =>
    `error push-told: The sidecar of StatefulSet kong/serverless-scaler subscribes to no "serverless" of "kong-serverless-plugin"; ${instead}.`;

  test.each<[string, Edit, string[]]>([
    ['another topic', [SUBSCRIPTION, /topic: serverless/, 'topic: kong'], [untold('it has kong')]],
    ['another component', [SUBSCRIPTION, /pubsubname: .*/, 'pubsubname: jobs'], [untold('it has no subscription')]],
    ['another namespace', [SUBSCRIPTION, /namespace: kong/, 'namespace: shop'], [untold('it has no subscription')]],
    ['another application', [SUBSCRIPTION, /- serverless-scaler/, '- worker'], [untold('it has no subscription')]],
    ['every application', [SUBSCRIPTION, /scopes:\n.*\n/, ''], []],
    ['the older version', [SUBSCRIPTION, /v2alpha1([^]*)routes:\n.*/, 'v1alpha1$1route: /events'], []],
    [
      "the older version's route",
      [SUBSCRIPTION, /v2alpha1([^]*)routes:\n.*/, 'v1alpha1$1route: /'],
      ['error push-told: The route is "/".'],
    ],
    [
      'a rule with a route of its own',
      [SUBSCRIPTION, /routes:\n/, 'routes:\n    rules: [{match: "true", path: /other}]\n'],
      ['error push-told: The route is "/other".'],
    ],
    [
      'no port for events',
      [/scaler-dapr\/scaler/, / *dapr\.io\/app-port.*\n/, ''],
      ['error push-told: dapr.io/app-port of StatefulSet kong/serverless-scaler is missing; it takes events at 9091.'],
    ],
    [
      'a topic that it may not subscribe to',
      [
        /scaler-dapr\/component/,
        /'serverless-scaler='/,
        "''\n    - {name: subscriptionScopes, value: 'serverless-scaler=foo'}",
      ],
      ['error push-scope: subscriptionScopes does not let "serverless-scaler" subscribe to "serverless".'],
    ],
    [
      'a topic that it may subscribe to',
      [
        /scaler-dapr\/component/,
        /'serverless-scaler='/,
        "''\n    - {name: subscriptionScopes, value: 'serverless-scaler=foo, serverless'}",
      ],
      [],
    ],
    [
      'no consumer of its own',
      [/scaler-dapr\/component/, / *- name: consumerID\n.*\n/, ''],
      [
        'error push-replicas: 2 replicas of StatefulSet kong/serverless-scaler share the messages: Component kong/kong-serverless-plugin has no consumerID.',
      ],
    ],
  ])('%s', (_, edit, expected) => {
    expect(found(DAPR, edit)).toEqual(expected);
  });

  test('the setting in place of a Subscription', () => {
    const paths = [...DAPR.filter((path) => path !== 'manifests/scaler-dapr'), 'manifests/scaler-dapr/scaler.yaml'];
    const set = (topics: string): Edit => [
      /scaler-dapr\/scaler/,
      /env:\n/,
      `env:\n            - {name: SERVERLESS_SCALER_SUBSCRIBE, value: '${topics}'}\n`,
    ];
    expect(found(paths)).toEqual([untold('it has no subscription')]);
    expect(found(paths, set('kong-serverless-plugin/foo, kong-serverless-plugin/serverless'))).toEqual([]);
    expect(found(paths, set('kong-serverless-plugin/foo'))).toEqual([untold('it has kong-serverless-plugin/foo')]);
  });
});

describe('a queue trigger beside the push', () => {
  const BOTH = [...DAPR.filter((path) => path !== 'keda/push'), ...QUEUE];
  const SCALED_OBJECT = /push-and-queue\/scaled-object/;

  test('gets no message from a gateway that publishes to the scaler', () => {
    const direct = [...DIRECT.filter((path) => path !== 'keda/push'), 'manifests/base/component.yaml', ...QUEUE];
    expect(found(direct)).toEqual([
      'warning push-and-queue: The gateway publishes to the scaler alone, so nothing comes to queue "serverless".',
    ]);
  });

  test('wants no more replicas than the push, unless one gateway cannot fill it', () => {
    const value = (number: number): Edit => [SCALED_OBJECT, /value: '300'/, `value: '${number}'`];
    expect(found(BOTH, value(299))).toEqual([
      'warning push-and-queue: The queue wants a replica per 299 requests, the push one per 3000.',
    ]);
    const perMessage: Edit = [/kong-plugin/, /interval: 100/, 'interval: 100\n  requests_per_message: 100'];
    expect(found(BOTH, value(30), perMessage)).toEqual([]);
    expect(found(BOTH, value(29), perMessage)).toHaveLength(1);
  });

  test('that fails takes the push with it, which is said', () => {
    expect(found(BOTH, [SCALED_OBJECT, /queueName: .*/, 'queueName: kong'])).toEqual([
      expect.stringMatching(/^error queue-declared: .*\. While it fails, KEDA closes the push stream, too\.$/),
    ]);
    expect(found(BOTH, [SCALED_OBJECT, /serverless-rabbitmq/, 'other'])).toEqual([
      expect.stringMatching(/^error trigger-auth: .*\. While it fails, KEDA closes the push stream, too\.$/),
    ]);
    expect(found(BOTH, [SCALED_OBJECT, / *authenticationRef:\n.*\n/, ''])).toEqual([
      expect.stringMatching(/^error trigger-auth: The trigger says .*\. While it fails, KEDA closes/),
    ]);
  });

  test('is polled, and a push is not', () => {
    expect(found(BOTH, [SCALED_OBJECT, /pollingInterval: 1/, 'pollingInterval: 20'])).toEqual([
      'warning polling-interval: Scale-in, and a cold start of which only a queue tells, wait up to 20 s for KEDA to look.',
    ]);
  });
});
