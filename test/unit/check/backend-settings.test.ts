import { found } from './edited';

const BACKEND = '{target: /kong, health: /healthz, pubsub: kong-serverless-plugin, topic: serverless}';

/** The good set with a second plugin on its Ingress. */
const withSecond = (fields: string, { name = 'second', backend = BACKEND } = {}): string[] =>
  found({
    replace: [['plugins: serverless', `plugins: serverless, ${name}`]],
    add: `apiVersion: configuration.konghq.com/v1
kind: KongPlugin
metadata: {name: ${name}, namespace: kong}
plugin: serverless
config: {${fields}backend: [${backend}]}
`,
  });

describe('two plugins that name the same backend', () => {
  test('may be written alike, or differ in what belongs to a request', () => {
    expect(withSecond('')).toEqual([]);
    // A default that is written is no difference.
    expect(withSecond('lease: 5000, probe: {statuses: [200, 200]}, ')).toEqual([]);
    expect(
      withSecond(
        'hold_timeout: 60000, max_held: 7, on_timeout: pass, no_wake: [{method: HEAD}], no_wake_status: 404, ',
      ),
    ).toEqual([]);
  });

  test.each([
    ['interval: 200', 'interval', '200', '100'],
    ['lease: 9000', 'lease', '9000', '5000'],
    ['probe: {timeout: 500}', 'probe.timeout', '500', '1000'],
    ['probe: {settle: 0}', 'probe.settle', '0', '1000'],
    ['probe: {statuses: [204, 200]}', 'probe.statuses', '[200,204]', '[200]'],
    ['probe: {successes: 2}', 'probe.successes', '2', '1'],
    ['message_ttl: 20', 'message_ttl', '20', '30'],
    ['requests_per_message: 5', 'requests_per_message', '5', '1'],
    ['max_message_rate: 2.5', 'max_message_rate', '2.5', '10'],
  ])('%s is told apart from the default of the first', (fields, field, here, there) => {
    expect(withSecond(`${fields}, `)).toEqual([
      `error backend-settings: ${field} is ${here} here and ${there} in KongPlugin kong/serverless (good.yaml), for the same backend "/kong".`,
    ]);
  });

  test('is said of a target that is written otherwise, and not of another backend', () => {
    expect(withSecond('lease: 9000, ', { backend: BACKEND.replace('/kong,', '/kong/,') })).toHaveLength(1);
    for (const other of [BACKEND.replace('target: /kong', 'target: /kong/b'), BACKEND.replace('topic: ', 'topic: x')]) {
      expect(withSecond('lease: 9000, ', { backend: other }).filter((text) => /backend-settings/.test(text))).toEqual(
        [],
      );
    }
    expect(withSecond('lease: 9000, probe: {host: a.example}, ')).toEqual([]);
  });

  test('is not said of one plugin in several files, of which one is applied', () => {
    expect(withSecond('lease: 9000, ', { name: 'serverless' })).toEqual([]);
  });

  test("is said of two places in Kong's own configuration", () => {
    const config = (lease: number): string =>
      `        plugins: [{name: serverless, config: {lease: ${lease}, backend: [${BACKEND}]}}]\n`;
    const text = `_format_version: "2.1"
services:
  - name: consumer
    routes:
      - paths: [/kong]
        strip_path: false
${config(5000)}      - paths: [/kong/b]
        strip_path: false
${config(9000)}`;
    expect(found({ replace: [[/^[^]*$/, text]] })).toEqual([
      expect.stringMatching(/^error backend-settings: lease is 9000 here and 5000 in Kong configuration services\/0/),
    ]);
  });
});
