import { readMessage } from '../../../src/scaler/message';
import { parseScalerSettings, scalerSettings } from '../../../src/scaler/settings';
import { readTrigger, topicName } from '../../../src/scaler/trigger';

describe('a message', () => {
  test('of this version', () => {
    const message = { reason: 'cold-start', requests: 3, held: 2, ttl: 60, gateway: 'node-1' };
    expect(readMessage(message)).toEqual({ gateway: 'node-1', requests: 3, held: 2, inFlight: 0, ttlMs: 60_000 });
    expect(readMessage({ requests: 0, inFlight: 4, ttl: 60, gateway: 'node-1' })).toMatchObject({
      requests: 0,
      inFlight: 4,
    });
  });
  test('of an older version, or of somebody else, is a request that counts for 30 s', () => {
    const plain = { gateway: '', requests: 1, held: 0, inFlight: 0, ttlMs: 30_000 };
    for (const data of [{}, 'wake up', null, [], { requests: 'many', held: -1, ttl: NaN }])
      expect(readMessage(data)).toEqual(plain);
  });
  test('lives as long as its publisher told Dapr, within a day', () => {
    expect(readMessage({ ttl: 60 }, 5).ttlMs).toBe(5000);
    expect(readMessage({}, 1e9).ttlMs).toBe(86_400_000);
    expect(readMessage({}, 0.001).ttlMs).toBe(1000);
  });
});

describe('a trigger', () => {
  test('names component and topic', () => {
    expect(readTrigger({ pubsub: 'kong', topic: 'foo' })).toEqual({
      topic: topicName('kong', 'foo'),
      targetRequests: 100,
    });
    expect(readTrigger({ pubsub: 'kong', topic: 'foo', targetRequests: '2.5' }).targetRequests).toBe(2.5);
    expect(topicName('a/b', 'c')).not.toBe(topicName('a', 'b/c'));
  });
  test.each([
    [{ topic: 'foo' }, /metadata\.pubsub is missing: write/],
    [{ pubsub: 'kong' }, /metadata\.topic is missing: write/],
    [{ pubsub: 'kong', topic: 'foo', targetRequests: 'many' }, /metadata\.targetRequests: "many": write/],
    [{ pubsub: 'kong', topic: 'foo', targetRequests: '0' }, /above 0/],
  ])('%j says what to write', (metadata, message) => {
    expect(() => readTrigger(metadata as unknown as Record<string, string>)).toThrow(message);
  });
});

describe('the settings', () => {
  const parse = (options: Record<string, string>, env: NodeJS.ProcessEnv = {}) => parseScalerSettings(options, env);
  test('have defaults', () => {
    expect(parse({})).toEqual({
      ok: true,
      settings: {
        grpcListen: { host: '0.0.0.0', port: 9090 },
        httpListen: { host: '0.0.0.0', port: 9091 },
        subscriptions: [],
        peers: undefined,
        token: undefined,
        tls: undefined,
        logLevel: 'info',
        logFormat: 'json',
      },
    });
  });
  test('come from options and the environment', () => {
    const env = {
      SERVERLESS_SCALER_SUBSCRIBE: 'kong/foo, kong/bar',
      SERVERLESS_SCALER_TOKEN: 'hunter2',
      SERVERLESS_SCALER_PEERS: 'all.keda:9091',
    };
    expect(
      parse({ 'grpc-listen': '[::]:1', 'tls-cert': 'c', 'tls-key': 'k', 'tls-client-ca': 'a' }, env),
    ).toMatchObject({
      ok: true,
      settings: {
        grpcListen: { host: '::', port: 1 },
        subscriptions: [
          { pubsub: 'kong', topic: 'foo' },
          { pubsub: 'kong', topic: 'bar' },
        ],
        peers: { host: 'all.keda', port: 9091 },
        token: 'hunter2',
        tls: { cert: 'c', key: 'k', clientCa: 'a' },
      },
    });
  });
  test('all that is wrong is said at once, with what to write', () => {
    const parsed = parse({
      'grpc-listen': 'here',
      subscribe: 'foo',
      'tls-cert': 'c',
      'log-level': 'loud',
      'tls-key': '',
    });
    expect(parsed).toEqual({
      ok: false,
      problems: [
        expect.stringMatching(/^--tls-key: "": write the name of a file/),
        expect.stringMatching(/^tls-cert, tls-key: write both/),
        expect.stringMatching(/^--grpc-listen: "here": write host:port/),
        expect.stringMatching(/^--subscribe: "foo": write PUBSUB\/TOPIC/),
        expect.stringMatching(/^--log-level: "loud": write one of/),
      ],
    });
    expect(parse({ 'tls-client-ca': 'a' })).toMatchObject({
      ok: false,
      problems: [expect.stringMatching(/^tls-client-ca: /)],
    });
    expect(scalerSettings.map(({ option }) => option)).toContain('peers');
  });
});
