import { formatProblems } from '../../../src/config/parse';
import { backendOf, backendsOf, configWith, entry, predecessor, problemsOf } from './configs';

const megabyte = 'a'.repeat(1024 * 1024);

describe('a valid configuration', () => {
  test("the predecessor's manifest values work unchanged", () => {
    expect(backendsOf(predecessor)).toEqual([
      {
        key: expect.any(String),
        source: expect.any(String),
        wakesWith: [],
        target: '/kong',
        prefix: '/kong',
        healthPath: '/kong/healthz.html',
        pubsub: 'kong-serverless-plugin',
        topic: 'serverless',
        probe: { timeoutMs: 1000, statuses: [200], grpc: false, host: undefined, url: undefined },
        policy: {
          intervalMs: 1000,
          holdTimeoutMs: 30_000,
          maxHeld: 1000,
          leaseMs: 5000,
          settleMs: 1000,
          successes: 1,
          messageTtlMs: 30_000,
          requestsPerMessage: 1,
          maxMessageRate: 10,
          leastHoldMs: undefined,
          maxWakesPerHour: Infinity,
          maxFailedWakes: Infinity,
        },
        noWake: [],
        onTimeout: 'reject',
        maintenance: false,
        respondAsync: false,
      },
    ]);
  });

  test("the predecessor's other example works unchanged", () => {
    const backend = backendOf({
      count: 300,
      interval: 100,
      backend: [
        { target: '/kong/consumer', health: '/healthz', pubsub: 'kong-serverless-plugin', topic: 'kong-root-request' },
      ],
    });
    expect(backend).toMatchObject({
      healthPath: '/kong/consumer/healthz',
      policy: { intervalMs: 100, holdTimeoutMs: 30_000 },
    });
  });

  test('a backend of gRPC is probed by its health service, at the standard path unless it says otherwise', () => {
    const withHealth = (health: string, probe: object) =>
      backendOf({ ...configWith({ probe }), backend: [{ ...entry('/sample.Greeter'), health }] });
    expect(withHealth('', { grpc: true })).toMatchObject({
      healthPath: '/grpc.health.v1.Health/Check',
      probe: { grpc: true },
    });
    expect(withHealth('/check', { grpc: true }).healthPath).toBe('/sample.Greeter/check');
    expect(withHealth('', { grpc: false }).healthPath).toBeUndefined();
    // An empty health is no contradiction to a URL then.
    expect(withHealth('', { grpc: true, url: 'http://greeter.kong.svc:5000' }).probe.url).toBeDefined();
    const keys = [true, false].map((grpc) => withHealth('/check', { grpc }).key);
    expect(new Set(keys).size).toBe(2);
  });

  test('a request is held for 30 seconds by default', () => {
    expect(backendOf(configWith({})).policy).toMatchObject({ intervalMs: 100, holdTimeoutMs: 30_000 });
  });

  test('every field reaches every backend, in milliseconds', () => {
    const backends = backendsOf({
      backend: [entry('/a'), { ...entry('/b'), health: '/up' }],
      count: 5,
      interval: 200,
      hold_timeout: 90_000,
      on_timeout: 'pass',
      max_held: 7,
      lease: 1500,
      probe: { timeout: 250, settle: 0, statuses: [200, 204], successes: 3, host: 'shop.example.com:8443' },
      message_ttl: 2,
      requests_per_message: 4,
      max_message_rate: 1.5,
      no_wake: [{ path: '/kong/metrics/', method: 'get', user_agent: 'GoogleBot' }, { method: 'OPTIONS' }],
      no_wake_status: 404,
    });
    const shared = {
      probe: { timeoutMs: 250, statuses: [200, 204], host: 'shop.example.com:8443', url: undefined },
      policy: {
        intervalMs: 200,
        holdTimeoutMs: 90_000,
        maxHeld: 7,
        leaseMs: 1500,
        settleMs: 0,
        successes: 3,
        messageTtlMs: 2000,
        requestsPerMessage: 4,
        maxMessageRate: 1.5,
      },
      noWake: [
        { path: '/kong/metrics', method: 'GET', userAgent: 'googlebot', status: 404 },
        { path: undefined, method: 'OPTIONS', userAgent: undefined, status: 404 },
      ],
      onTimeout: 'pass',
    };
    expect(backends).toMatchObject([
      { target: '/a', healthPath: undefined, ...shared },
      { target: '/b', healthPath: '/b/up', ...shared },
    ]);
  });

  test.each([
    ['/kong/', '/kong', '/kong/up'],
    ['/', '/', '/up'],
    ['/a/../b/.', '/b', '/a/../b/./up'],
    ['/%6bong', '/kong', '/%6bong/up'],
    ['/a%20b', '/a b', '/a%20b/up'],
  ])('target %s is matched as %s and probed at %s', (written, target, healthPath) => {
    expect(backendOf({ backend: [{ ...entry(written), health: '/up' }] })).toMatchObject({ target, healthPath });
  });

  test('the Service of a backend is read from its name', () => {
    const [backend] = backendsOf(configWith({ backend: [{ ...entry(), service: 'shop.apps:http' }] }));
    expect(backend?.service).toEqual({ name: 'shop', namespace: 'apps', port: 'http' });
  });

  test('a backend without a health path is not probed', () => {
    expect(backendOf({ backend: [{ ...entry(), health: '' }] }).healthPath).toBeUndefined();
  });

  test('a probe URL is taken for the one backend that has a health path', () => {
    const url = 'http://consumer.default.svc:8080/healthz?full=1';
    expect(backendOf({ backend: [{ ...entry(), health: '/up' }], probe: { url } }).probe.url).toBe(url);
  });

  test('a hold shorter than the default probe timeout cuts that timeout', () => {
    expect(backendOf(configWith({ count: 1, interval: 100 })).probe.timeoutMs).toBe(100);
  });

  test('hold_timeout may exceed what count and interval may make', () => {
    const backend = backendOf(configWith({ count: 360_000, interval: 60_000, hold_timeout: 75_000 }));
    expect(backend.policy.holdTimeoutMs).toBe(75_000);
  });

  test('the configuration that was given is left as it is', () => {
    const config = configWith({ probe: {}, __key__: 'k', hold_timeout: null });
    backendsOf(config);
    expect(config).toEqual({ backend: [entry()], probe: {}, __key__: 'k', hold_timeout: null });
  });
});

describe("a backend's key", () => {
  const base = { backend: [{ ...entry(), health: '/up' }] };
  const key = backendOf(base).key;

  test('is the same for the same backend, whatever the timing and however the target is written', () => {
    const same = {
      backend: [{ ...entry('/kong/'), health: '/up' }],
      count: 7,
      lease: 100,
      max_held: 3,
      on_timeout: 'pass',
    };
    expect(backendOf(same).key).toBe(key);
  });

  test.each([
    ['target', { backend: [{ ...entry('/other'), health: '/up' }] }],
    ['health', { backend: [{ ...entry(), health: '/ready' }] }],
    ['pubsub', { backend: [{ ...entry(), health: '/up', pubsub: 'other' }] }],
    ['topic', { backend: [{ ...entry(), health: '/up', topic: 'other' }] }],
    ['probe.host', { ...base, probe: { host: 'a.example' } }],
    ['probe.url', { ...base, probe: { url: 'http://a.example/' } }],
  ])('differs with another %s', (_field, config) => {
    expect(backendOf(config).key).not.toBe(key);
  });
});

describe('what Kong adds and how Lua writes tables', () => {
  test("Kong's own keys are dropped, those of later versions too", () => {
    const added = {
      __key__: 'plugins:serverless:…',
      __seq__: 3,
      __plugin_id: 'e1',
      __proto_of_tomorrow: {},
      route_id: 'r',
      service_id: 's',
      consumer_id: 'c',
      plugin_instance_name: 'i',
    };
    const source = expect.any(String) as string;
    expect(backendsOf({ ...predecessor, ...added })).toEqual(
      backendsOf(predecessor).map((backend) => ({ ...backend, source })),
    );
  });

  test('null is absent, in nested objects too', () => {
    const config = {
      backend: [{ ...entry(), health: null }],
      count: null,
      hold_timeout: null,
      probe: { timeout: null, host: null, url: null },
      no_wake: [{ path: null, method: 'GET', user_agent: null }],
    };
    expect(backendsOf(config)).toEqual(backendsOf(configWith({ no_wake: [{ method: 'GET' }] })));
  });

  test('a required field that is null is missing', () => {
    expect(problemsOf({ backend: null })).toMatchObject([{ field: 'backend', value: '(missing)' }]);
  });

  test('an empty table is an empty list or an empty object, as the field wants it', () => {
    expect(backendsOf(configWith({ no_wake: {}, probe: [] }))).toEqual(backendsOf(configWith({})));
    expect(problemsOf({ backend: {} })).toMatchObject([{ field: 'backend', value: '[]' }]);
  });

  test('a key named __proto__ in a nested object changes nothing but is refused', () => {
    const config: unknown = JSON.parse(
      '{"backend":[{"target":"/a","pubsub":"p","topic":"t"}],"probe":{"__proto__":{"timeout":5}}}',
    );
    expect(problemsOf(config)).toMatchObject([{ field: 'probe.__proto__' }]);
    expect({}).not.toHaveProperty('timeout');
  });
});

describe('a wrong value is refused where it is, quoted, with what to write', () => {
  const path = /^write a path such as/;

  test.each([
    ['no object', 'hello', 'config', '"hello"', /^write an object with backend/],
    ['null', null, 'config', 'null', /^write an object/],
    ['an array', [entry()], 'config', /^\[/, /^write an object/],
    ['a function', () => 1, 'config', '(not JSON)', /^write an object/],
    ['no backend', {}, 'backend', '(missing)', /^write a list of 1 to 100 backends/],
    ['backend as text', { backend: '/kong' }, 'backend', '"/kong"', /^write a list/],
    ['no backend in the list', { backend: [] }, 'backend', '[]', /^write a list/],
    ['a backend as text', { backend: ['/kong'] }, 'backend[0]', '"/kong"', /^write an object with target/],
    ['a backend as null', { backend: [null] }, 'backend[0]', 'null', /^write an object with target/],
    ['a target without /', { backend: [entry('kong')] }, 'backend[0].target', '"kong"', path],
    ['an empty target', { backend: [entry('')] }, 'backend[0].target', '""', path],
    ['a target with a query', { backend: [entry('/kong?a=b')] }, 'backend[0].target', '"/kong?a=b"', path],
    ['a target with a fragment', { backend: [entry('/kong#a')] }, 'backend[0].target', '"/kong#a"', path],
    ['a target with //', { backend: [entry('/kong//a')] }, 'backend[0].target', '"/kong//a"', path],
    ['a target with a space', { backend: [entry('/my kong')] }, 'backend[0].target', '"/my kong"', path],
    ['a target with a line break', { backend: [entry('/kong\n')] }, 'backend[0].target', '"/kong\\n"', path],
    [
      'a target beyond ASCII',
      { backend: [entry('/café')] },
      'backend[0].target',
      '"/café"',
      /write other characters as %XX/,
    ],
    [
      'a health path without /',
      { backend: [{ ...entry(), health: 'up' }] },
      'backend[0].health',
      '"up"',
      /"\/healthz", or ""/,
    ],
    [
      'a health path with a fragment',
      { backend: [{ ...entry(), health: '/a#b' }] },
      'backend[0].health',
      '"/a#b"',
      /^write a path/,
    ],
    [
      'an empty topic',
      { backend: [{ ...entry(), topic: '' }] },
      'backend[0].topic',
      '""',
      /^write the name of the topic/,
    ],
    [
      'a topic that is a step in a path',
      { backend: [{ ...entry(), topic: '..' }] },
      'backend[0].topic',
      '".."',
      /^write/,
    ],
    ['a component that is one', { backend: [{ ...entry(), pubsub: '.' }] }, 'backend[0].pubsub', '"."', /^write/],
    ['a topic of spaces', { backend: [{ ...entry(), topic: '  ' }] }, 'backend[0].topic', '"  "', /without spaces/],
    [
      'an empty pubsub',
      { backend: [{ ...entry(), pubsub: '' }] },
      'backend[0].pubsub',
      '""',
      /name of the Dapr pub\/sub/,
    ],
    ['a number for a topic', { backend: [{ ...entry(), topic: 5 }] }, 'backend[0].topic', '5', /^write the name/],
    ['text for a number', configWith({ count: '300' }), 'count', '"300"', /^write a whole number from 1 to 360000$/],
    ['a fraction for a whole number', configWith({ count: 1.5 }), 'count', '1.5', /whole number/],
    [
      'a negative number',
      configWith({ interval: -1 }),
      'interval',
      '-1',
      /^write a whole number from 10 to 60000 \(ms\)$/,
    ],
    ['zero', configWith({ max_held: 0 }), 'max_held', '0', /from 1 to 100000/],
    ['too long a hold', configWith({ hold_timeout: 1e12 }), 'hold_timeout', '1000000000000', /to 3600000 \(ms\)/],
    [
      'a rate of zero',
      configWith({ max_message_rate: 0 }),
      'max_message_rate',
      '0',
      /^write a number above 0, at most 1000/,
    ],
    ['another word', configWith({ on_timeout: 'fail' }), 'on_timeout', '"fail"', /^write one of "reject", "pass"$/],
    ['true for an object', configWith({ probe: true }), 'probe', 'true', /^write an object such as/],
    ['a status code as text', configWith({ probe: { statuses: ['200'] } }), 'probe.statuses[0]', '"200"', /200 to 499/],
    [
      'a status code of the gateway',
      configWith({ probe: { statuses: [200, 503] } }),
      'probe.statuses[1]',
      '503',
      /to 499/,
    ],
    ['no status code', configWith({ probe: { statuses: [] } }), 'probe.statuses', '[]', /^write a list of 1 to 50/],
    [
      'a host with a path',
      configWith({ probe: { host: 'a.example/b' } }),
      'probe.host',
      '"a.example/b"',
      /^write a host name/,
    ],
    [
      'a URL of another scheme',
      configWith({ probe: { url: 'ftp://a.example/' } }),
      'probe.url',
      '"ftp://a.example/"',
      /^write a URL/,
    ],
    ['half a URL', configWith({ probe: { url: 'http://:80' } }), 'probe.url', '"http://:80"', /^write a URL/],
    [
      'an empty matcher',
      configWith({ no_wake: [{}] }),
      'no_wake[0]',
      '{}',
      /at least one of path, method, user_agent and class/,
    ],
    ['a matcher of nulls', configWith({ no_wake: [{ path: null }] }), 'no_wake[0]', '{}', /at least one of/],
    [
      'a method with a space',
      configWith({ no_wake: [{ method: 'GET /' }] }),
      'no_wake[0].method',
      '"GET /"',
      /^write a method/,
    ],
    ['a status beyond HTTP', configWith({ no_wake_status: 999 }), 'no_wake_status', '999', /from 200 to 599/],
  ])('%s', (_case, config, field, value, message) => {
    expect(problemsOf(config)).toEqual([
      {
        field,
        value: typeof value === 'string' ? value : expect.stringMatching(value),
        message: expect.stringMatching(message),
      },
    ]);
  });

  test.each([
    ['target', { backend: [entry(`/${megabyte}`)] }, 'backend[0].target'],
    ['topic', { backend: [{ ...entry(), topic: megabyte }] }, 'backend[0].topic'],
    ['health', { backend: [{ ...entry(), health: `/${megabyte}` }] }, 'backend[0].health'],
    ['user agent', configWith({ no_wake: [{ user_agent: megabyte }] }), 'no_wake[0].user_agent'],
    ['value of an unknown field', configWith({ foo: megabyte }), 'foo'],
    ['name of a field', configWith({ [megabyte]: 1 }), /^"aaaa.*… \(1048576 characters\)$/],
  ])('a %s of a megabyte is refused in a short message', (_case, config, field) => {
    const problems = problemsOf(config);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.field).toEqual(typeof field === 'string' ? field : expect.stringMatching(field));
    expect(formatProblems(problems).length).toBeLessThan(500);
  });

  test('a list of a million backends is refused in one line', () => {
    const problems = problemsOf({ backend: Array.from({ length: 1_000_000 }, () => entry()) });
    expect(problems).toMatchObject([{ field: 'backend', message: expect.stringMatching(/^write a list of 1 to 100/) }]);
    expect(formatProblems(problems).length).toBeLessThan(500);
  });

  test('the password of a URL is not repeated', () => {
    const problems = problemsOf(configWith({ probe: { url: 'http://joe:hunter2@a.example/' } }));
    expect(problems).toMatchObject([{ field: 'probe.url', value: '"http://***@a.example/"' }]);
  });
});

describe('unknown fields', () => {
  test.each([
    ['cout', 'count', configWith({ cout: 3 })],
    ['maxHeld', 'max_held', configWith({ maxHeld: 3 })],
    ['max-held', 'max_held', configWith({ 'max-held': 3 })],
    ['backends', 'backend', { ...configWith({ backends: [] }) }],
    ['probe.time_out', 'timeout', configWith({ probe: { time_out: 3 } })],
    ['no_wake[0].useragent', 'user_agent', configWith({ no_wake: [{ method: 'GET', useragent: 'x' }] })],
    ['backend[0].heath', 'health', { backend: [{ ...entry(), heath: '/up' }] }],
  ])('%s is refused with the nearest name, %s', (field, nearest, config) => {
    expect(problemsOf(config)).toMatchObject([{ field, message: `unknown field: write ${nearest}` }]);
  });

  test.each([
    ['topic', 'backend[].topic', configWith({ topic: 'serverless' })],
    ['statuses', 'probe.statuses', configWith({ statuses: [200] })],
    ['probe.interval', 'interval', configWith({ probe: { interval: 5 } })],
  ])('%s is refused with its right place, %s', (field, place, config) => {
    expect(problemsOf(config)).toMatchObject([{ field, message: `unknown field here: write it as ${place}` }]);
  });

  test.each(['z', 'constructor', 'completely-else', 'x'.repeat(50)])(
    '%s, like nothing known, is refused with what is known',
    (name) => {
      const problems = problemsOf({ backend: [{ ...entry(), [name]: 1 }] });
      expect(problems).toMatchObject([{ message: expect.stringContaining('known are target, health, pubsub, topic') }]);
    },
  );

  test('a token that is written into the configuration is not repeated', () => {
    expect(problemsOf(configWith({ dapr_api_token: 'hunter2' }))).toMatchObject([
      { field: 'dapr_api_token', value: '(not shown)' },
    ]);
  });
});

describe('several problems', () => {
  test('are all told at once, fields and rules between fields', () => {
    const problems = problemsOf({
      backend: [entry('/a'), entry('b'), { target: '/a/', pubsub: '' }, entry('b')],
      interval: 'x',
      lease: 60_000,
      message_ttl: 30,
      probe: { timeout: 5, sucesses: 2 },
      colour: 'red',
    });
    expect(problems.map(({ field }) => field).sort()).toEqual([
      'backend[1].target',
      'backend[2].pubsub',
      'backend[2].target',
      'backend[2].topic',
      'backend[3].target',
      'colour',
      'interval',
      'lease',
      'probe.sucesses',
      'probe.timeout',
    ]);
  });

  test('are written one per line with field, value and what to write', () => {
    const text = formatProblems(problemsOf({ backend: [entry('kong')], count: 0 }));
    expect(text.split('\n')).toEqual([
      expect.stringMatching(/^backend\[0\]\.target: "kong": write a path such as "\/kong"/),
      'count: 0: write a whole number from 1 to 360000',
    ]);
  });

  test('beyond twenty are counted, not written', () => {
    const unknown = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`field_number_${index}_here`, index]));
    const lines = formatProblems(problemsOf(configWith(unknown))).split('\n');
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe('and 10 more');
  });

  test('a cyclic value, as YAML aliases make it, is refused like any other', () => {
    const cycle: Record<string, unknown> = {};
    cycle['again'] = cycle;
    expect(problemsOf(configWith({ count: cycle }))).toMatchObject([{ field: 'count', value: '(not JSON)' }]);
  });
});
