import { found } from './edited';

const HOOK = / {10}lifecycle:\n[^]*?command: .*\n/;
const CONTAINERS = /( {6})(containers:\n {8}- name: consumer)/;
const SERVICE = /(kind: Service\nmetadata:\n)/;
const SCALED_OBJECT = /(kind: ScaledObject\nmetadata:\n)/;

const grace = (seconds: number): [RegExp, string] => [CONTAINERS, `$1terminationGracePeriodSeconds: ${seconds}\n$1$2`];
const readTimeout = (ms: string): [RegExp, string] => [
  SERVICE,
  `$1  annotations: {konghq.com/read-timeout: '${ms}'}\n`,
];
const longestRequest = (seconds: number): [RegExp, string] => [
  SCALED_OBJECT,
  `$1  annotations: {serverless/longest-request: '${seconds}'}\n`,
];
const hook = (text: string): [RegExp, string] => [HOOK, `          lifecycle: {preStop: ${text}}\n`];

test.each([
  ['no preStop hook is there', [[HOOK, '']], 'It has no preStop hook'],
  ['the hook is no preStop', [['preStop', 'postStart']], 'It has no preStop hook'],
  [
    'the grace period is as long as the hook sleeps',
    [grace(5)],
    'has 5 s to end, and its preStop hook alone sleeps for 5 s',
  ],
  ['that hook is Kubernetes’ own', [grace(9), hook('{sleep: {seconds: 10}}')], 'alone sleeps for 10 s'],
  [
    'or a shell',
    [grace(30), hook("{exec: {command: [sh, -c, 'sleep 0.5m; nginx -s quit']}}")],
    'alone sleeps for 30 s',
  ],
  [
    'Kong waits longer for an answer than the pod lives',
    [readTimeout('600000'), grace(604)],
    'has 604 s to end; a request may take 600 s after a preStop hook of 5 s, by konghq.com/read-timeout of Service kong/consumer',
  ],
  ['by the grace period that Kubernetes gives', [readTimeout('61000')], 'has 30 s to end; a request may take 61 s'],
  [
    'the hook does not say how long it takes',
    [readTimeout('61000'), hook('{httpGet: {port: 80, path: /drain}}')],
    'a request may take 61 s, by',
  ],
  [
    'the ScaledObject says how long requests take',
    [longestRequest(26)],
    'a request may take 26 s after a preStop hook of 5 s, by serverless/longest-request of ScaledObject kong/consumer-scaledobject',
  ],
] as [string, [string | RegExp, string][], string][])('a warning is given where %s', (_, replace, message) => {
  expect(found({ replace })).toEqual([expect.stringContaining('warning pod-grace')]);
  expect(found({ replace })[0]).toContain(message);
});

test.each([
  ['the grace period is exactly long enough', [readTimeout('600000'), grace(605)]],
  ['Kong waits as long as it does by default', [readTimeout('60000')]],
  ['the annotation is no number', [readTimeout('10m')]],
  ['requests are said to be shorter than Kong would wait', [readTimeout('3600000'), longestRequest(20)]],
  ['a hook sleeps in Kubernetes’ own way', [hook('{sleep: {seconds: 5}}')]],
  [
    'no ScaledObject scales it: KEDA takes nothing away',
    [
      [HOOK, ''],
      ['kind: ScaledObject', 'kind: Other'],
    ],
  ],
  [
    'it is of no backend',
    [
      [HOOK, ''],
      ['app: consumer\n  ports', 'app: other\n  ports'],
    ],
  ],
] as [string, [string | RegExp, string][]][])('nothing is said where %s', (_, replace) => {
  expect(found({ replace }).filter((one) => one.includes('pod-grace'))).toEqual([]);
});

test('the longest of several Services counts', () => {
  const other = (ms: string): string =>
    `apiVersion: v1\nkind: Service\nmetadata: {name: b, namespace: kong, annotations: {konghq.com/read-timeout: '${ms}'}}\nspec: {selector: {app: consumer}, ports: [{port: 1}]}\n`;
  for (const [own, others] of [['90000', '70000'] as const, ['70000', '90000'] as const])
    expect(found({ replace: [readTimeout(own)], add: other(others) })[0]).toContain('may take 90 s');
});
