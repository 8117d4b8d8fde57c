import { parseProcessSettings, type ProcessSettings, processSettings } from '../../../src/config/process-settings';

function settingsOf(options: Record<string, string>, env: NodeJS.ProcessEnv = {}): ProcessSettings {
  const parsed = parseProcessSettings(options, env);
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return parsed.settings;
}

function problemsOf(options: Record<string, string>, env: NodeJS.ProcessEnv = {}): readonly string[] {
  const parsed = parseProcessSettings(options, env);
  if (parsed.ok) throw new Error('these settings should have been refused');
  return parsed.problems;
}

const defaults: ProcessSettings = {
  gatewayUrl: 'http://127.0.0.1:8000',
  gatewayGrpcUrl: 'https://127.0.0.1:8443',
  daprUrl: 'http://127.0.0.1:3500',
  daprToken: undefined,
  statusListen: { host: '127.0.0.1', port: 9542 },
  statusToken: undefined,
  socketMode: 0o666,
  logLevel: 'info',
  logFormat: 'json',
  maxHeld: undefined,
  debugErrors: false,
  kubernetesEvents: false,
  kubernetes: 'auto',
};

test('without any setting the process talks to Kong and Dapr on this machine', () => {
  expect(settingsOf({})).toEqual(defaults);
});

test('each setting is read from the environment', () => {
  const env = {
    SERVERLESS_GATEWAY_URL: 'https://kong-proxy.kong.svc:8443/',
    SERVERLESS_GATEWAY_GRPC_URL: 'http://127.0.0.1:9080/',
    DAPR_HTTP_ENDPOINT: 'http://dapr.example:3501/',
    DAPR_API_TOKEN: 'hunter2',
    SERVERLESS_STATUS_TOKEN: 'hunter4',
    SERVERLESS_STATUS_LISTEN: '[::1]:0',
    SERVERLESS_SOCKET_MODE: '660',
    SERVERLESS_LOG_LEVEL: 'debug',
    SERVERLESS_MAX_HELD: '2000',
    SERVERLESS_KUBERNETES: 'off',
    SERVERLESS_KUBERNETES_EVENTS: 'true',
    SERVERLESS_LOG_FORMAT: 'pretty',
  };
  expect(settingsOf({}, env)).toEqual({
    gatewayUrl: 'https://kong-proxy.kong.svc:8443',
    gatewayGrpcUrl: 'http://127.0.0.1:9080',
    daprUrl: 'http://dapr.example:3501',
    daprToken: 'hunter2',
    statusListen: { host: '::1', port: 0 },
    statusToken: 'hunter4',
    socketMode: 0o660,
    logLevel: 'debug',
    logFormat: 'pretty',
    maxHeld: 2000,
    debugErrors: false,
    kubernetesEvents: true,
    kubernetes: 'off',
  });
});

test('each setting is read from an option, which wins over the environment', () => {
  const env = Object.fromEntries(processSettings.map(({ name }) => [name, 'nonsense of the environment']));
  const options = {
    'gateway-url': 'http://127.0.0.2:80',
    'gateway-grpc-url': 'https://127.0.0.2',
    'dapr-http-endpoint': 'http://127.0.0.3:3500',
    'dapr-http-port': '3501',
    'dapr-api-token': 'hunter3',
    'status-listen': 'off',
    'status-token': 'hunter5',
    'socket-mode': '0600',
    'log-level': 'silent',
    'log-format': 'pretty',
    'max-held': '1',
    'debug-errors': 'true',
    'kubernetes-events': 'true',
    kubernetes: 'off',
  };
  expect(settingsOf(options, env)).toEqual({
    gatewayUrl: 'http://127.0.0.2',
    gatewayGrpcUrl: 'https://127.0.0.2',
    daprUrl: 'http://127.0.0.3:3500',
    daprToken: 'hunter3',
    statusListen: 'off',
    statusToken: 'hunter5',
    socketMode: 0o600,
    logLevel: 'silent',
    logFormat: 'pretty',
    maxHeld: 1,
    debugErrors: true,
    kubernetesEvents: true,
    kubernetes: 'off',
  });
});

test('an empty variable counts as unset', () => {
  const env = Object.fromEntries(processSettings.map(({ name }) => [name, '']));
  expect(settingsOf({}, env)).toEqual(defaults);
});

test("options of other parts, and others' variables, are left alone", () => {
  expect(settingsOf({ 'kong-prefix': '/kong_prefix' }, { SERVERLESS_PORT: 'tcp://10.0.0.1:80' })).toEqual(defaults);
});

test.each<[string, Record<string, string>, NodeJS.ProcessEnv]>([
  ['http://127.0.0.1:3999', {}, { DAPR_HTTP_PORT: '3999' }],
  ['http://dapr.example', {}, { DAPR_HTTP_PORT: '3999', DAPR_HTTP_ENDPOINT: 'http://dapr.example' }],
  ['http://127.0.0.1:4000', { 'dapr-http-port': '4000' }, { DAPR_HTTP_ENDPOINT: 'http://dapr.example' }],
  ['http://option.example', { 'dapr-http-endpoint': 'http://option.example' }, { DAPR_HTTP_PORT: '3999' }],
])('Dapr is at %s for %j and %j', (url, options, env) => {
  expect(settingsOf(options, env).daprUrl).toBe(url);
});

describe('a wrong value is refused with where it was written, what it is and what to write', () => {
  test.each([
    ['gateway-url', 'localhost:8000', /write a URL such as/],
    ['gateway-url', 'http://127.0.0.1:8000/kong', /without path/],
    ['gateway-url', 'http://127.0.0.1:8000?a=b', /without path/],
    ['gateway-url', '', /write a URL/],
    ['log-format', 'xml', /write one of json, pretty/],
    ['dapr-http-endpoint', 'unix:///run/dapr.sock', /write a URL/],
    ['dapr-http-port', '0', /from 1 to 65535/],
    ['dapr-http-port', '65536', /from 1 to 65535/],
    ['dapr-http-port', '3500x', /from 1 to 65535/],
    ['status-listen', '9542', /write host:port/],
    ['status-listen', ':9542', /write host:port/],
    ['status-listen', '127.0.0.1:70000', /write host:port/],
    ['status-listen', 'on', /or off/],
    ['socket-mode', '0440', /owner read and write/],
    ['socket-mode', '660x', /octal permissions/],
    ['socket-mode', '0888', /such as 0660/],
    ['socket-mode', '4777', /octal permissions/],
    ['log-level', 'verbose', /one of trace, debug, info, warn, error, fatal, silent/],
    ['kubernetes', 'on', /write auto, off, or the folder of a service account/],
    ['max-held', '0', /from 1 to 1000000/],
    ['max-held', '1.5', /whole number/],
    ['max-held', '-1', /whole number/],
    ['max-held', '1e3', /whole number/],
    ['debug-errors', 'yes', /true or false/],
  ])('--%s %j', (option, value, message) => {
    expect(problemsOf({ [option]: value })).toEqual([expect.stringMatching(message)]);
    expect(problemsOf({ [option]: value })[0]).toContain(`--${option}: ${JSON.stringify(value)}: `);
  });

  test('all problems at once, from options and environment', () => {
    const problems = problemsOf({ 'max-held': 'x' }, { SERVERLESS_LOG_LEVEL: 'y', DAPR_HTTP_PORT: 'z' });
    expect(problems).toEqual([
      expect.stringMatching(/^DAPR_HTTP_PORT: "z": write /),
      expect.stringMatching(/^SERVERLESS_LOG_LEVEL: "y": write /),
      expect.stringMatching(/^--max-held: "x": write /),
    ]);
  });

  test('the token is never repeated', () => {
    const problems = problemsOf({}, { DAPR_API_TOKEN: 'hunter2\n' });
    expect(problems).toEqual([
      'DAPR_API_TOKEN: write a token without spaces and line breaks (the value that is there is not shown)',
    ]);
  });

  test('the password of a URL is not repeated', () => {
    const problems = problemsOf({ 'gateway-url': 'http://joe:hunter2@kong:8000' });
    expect(problems).toEqual([expect.stringContaining('"http://***@kong:8000"')]);
  });

  test('a value of a megabyte is refused in a short message', () => {
    const [problem] = problemsOf({ 'log-level': 'x'.repeat(1024 * 1024) });
    expect(problem!.length).toBeLessThan(300);
  });
});

test('the table names each setting once, with an option for each variable', () => {
  expect(processSettings.map(({ name, option }) => `${name} ${option}`)).toEqual([
    'SERVERLESS_GATEWAY_URL gateway-url',
    'SERVERLESS_GATEWAY_GRPC_URL gateway-grpc-url',
    'DAPR_HTTP_ENDPOINT dapr-http-endpoint',
    'DAPR_HTTP_PORT dapr-http-port',
    'DAPR_API_TOKEN dapr-api-token',
    'SERVERLESS_STATUS_LISTEN status-listen',
    'SERVERLESS_STATUS_TOKEN status-token',
    'SERVERLESS_SOCKET_MODE socket-mode',
    'SERVERLESS_LOG_LEVEL log-level',
    'SERVERLESS_LOG_FORMAT log-format',
    'SERVERLESS_MAX_HELD max-held',
    'SERVERLESS_DEBUG_ERRORS debug-errors',
    'SERVERLESS_KUBERNETES_EVENTS kubernetes-events',
    'SERVERLESS_KUBERNETES kubernetes',
  ]);
});
