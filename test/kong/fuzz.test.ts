import fc from 'fast-check';
import { expectation } from '../../src/config/expectation';
import type { FieldSchema } from '../../src/config/field-schema';
import { parseConfig } from '../../src/config/parse';
import { configSchema } from '../../src/config/schema';
import { send } from '../../real-parts/http';
import { Kong } from '../../real-parts/kong';
import { freePort } from '../../real-parts/ports';
import { Serverless } from '../../real-parts/serverless';
import { configurations } from '../faults/configurations';
import { FakeDapr } from '../support/fake-dapr';
import { PUBSUB } from '../support/kong-rig';
import { describeWith, say, stopAll } from '../support/suite';

/** FUZZ_SEED=N, as a failure prints it, and FUZZ_RUNS=N for a night. */
const parameters = (runs: number): { numRuns: number; seed?: number } => ({
  numRuns: Number(process.env['FUZZ_RUNS'] ?? runs),
  ...(process.env['FUZZ_SEED'] === undefined ? {} : { seed: Number(process.env['FUZZ_SEED']) }),
});

const TARGETS = ['/shop', '/shop/admin', '/caf%C3%A9', '/a%20b'] as const;
/** Kong's name for the route of a target. */
const nameOf = (target: string): string => `route-${TARGETS.indexOf(target as (typeof TARGETS)[number])}`;

const maintenance = {
  maintenance: true,
  backend: TARGETS.map((target) => ({ target, health: '/healthz', pubsub: PUBSUB, topic: 'shop' })),
};

/** A path as the ingress controller gives a prefix to Kong: on segment boundaries, a regular expression for the path itself. */
const pathsOf = (target: string): string[] => [`${decodeURIComponent(target)}/`, `${decodeURIComponent(target)}$`];

/**
 * Each target twice: by the host `plain` Kong says itself which route it took; by the host `guarded` the plugin says which backend it
 * found, since all of them are in maintenance, and Kong which route it took where the plugin found none.
 */
const config = {
  _format_version: '1.1',
  services: [
    {
      ...{ name: 'shop', host: '127.0.0.1', port: 1 },
      routes: TARGETS.flatMap((target) =>
        ['plain', 'guarded'].map((host) => ({
          ...{ name: `${host}-${nameOf(target)}`, hosts: [host], paths: pathsOf(target), strip_path: false },
          plugins: [
            { name: 'request-termination', config: { status_code: 200, body: target } },
            ...(host === 'guarded' ? [{ name: 'serverless', config: maintenance }] : []),
          ],
        })),
      ),
    },
  ],
};

/** What is to be written into each field. */
const expectationsIn = (schema: FieldSchema): string[] => [
  expectation(schema),
  ...(schema.type === 'object' ? Object.values(schema.properties).flatMap(expectationsIn) : []),
  ...(schema.type === 'array' ? expectationsIn(schema.items) : []),
];

describeWith(['kong'], 'fuzz, with Kong as the oracle', () => {
  let kong: Kong;
  let serverless: Serverless;
  let dapr: FakeDapr;
  beforeAll(async () => {
    dapr = await FakeDapr.start();
    const gatewayPort = await freePort();
    serverless = await Serverless.start({ gatewayPort, daprPort: dapr.port });
    kong = await Kong.start({ config, pluginServers: [serverless.forKong()], proxyPort: gatewayPort });
  }, 120_000);
  afterAll(stopAll(() => [kong, serverless, dapr]));

  /** What Kong's own schema says of a configuration; undefined: it takes it. */
  const kongRefuses = async (candidate: object): Promise<string | undefined> => {
    const answer = await send({
      port: kong.adminPort,
      method: 'POST',
      path: '/schemas/plugins/validate',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'serverless', config: candidate }),
    });
    if (answer.status >= 500) throw new Error(`Kong failed: ${answer.status} ${answer.body}`);
    return answer.status >= 400 ? answer.body : undefined;
  };

  test('a configuration that we take Kong takes, and one that Kong takes breaks at most a rule over several fields', async () => {
    const counts = { both: 0, neither: 0, later: 0 };
    const rulesOnly = new Set<string>();
    const ofOneField = new Set(expectationsIn(configSchema as unknown as FieldSchema).map((text) => `write ${text}`));
    await fc.assert(
      fc.asyncProperty(configurations, async (candidate) => {
        const refused = await kongRefuses(candidate);
        const parsed = parseConfig(candidate);
        if (parsed.ok) {
          expect(refused).toBeUndefined();
          counts.both += 1;
          return;
        }
        if (refused !== undefined) {
          counts.neither += 1;
          return;
        }
        counts.later += 1;
        for (const { field, message } of parsed.problems) {
          rulesOnly.add(`${field}: ${message}`);
          // What is wrong with one field alone Kong can say, at apply time.
          expect(ofOneField).not.toContain(message);
        }
      }),
      parameters(1500),
    );
    say(
      `configurations: ${JSON.stringify(counts)}, found at the start of an instance only:\n${[...rulesOnly].join('\n')}`,
    );
    expect(counts.both).toBeGreaterThan(20);
    expect(counts.neither).toBeGreaterThan(20);
  }, 600_000);

  const piece = fc.constantFrom(
    ...['shop', 'sh%6fp', '%73hop', 'SHOP', 'shopx', 'admin', '%61dmin', 'admin%2f', 'caf%C3%A9', 'caf%c3%a9', 'café'],
    ...[
      'a%20b',
      'a+b',
      '.',
      '..',
      '%2e',
      '%2e%2e',
      '..%2f',
      '',
      '%2f',
      '%252f',
      '%',
      '%zz',
      ';x',
      'shop;x=1',
      '~',
      '\\',
    ],
  );
  const requestPath = fc
    .tuple(
      fc.array(fc.oneof(piece, fc.constantFrom('shop', 'admin')), { minLength: 1, maxLength: 6 }),
      fc.constantFrom('', '/', '?x=1', '/?y=/shop', '#z', '//'),
    )
    .map(([pieces, end]) => `/${pieces.join('/')}${end}`)
    // Node sends no others.
    .filter((path) => /^[\x21-\x7e]+$/.test(path));

  test('what Kong routes to a backend is never missed, and nothing is taken for a backend that Kong routes elsewhere', async () => {
    const counts: Record<string, number> = {};
    const ask = async (path: string, host: 'plain' | 'guarded'): Promise<string> => {
      const { status, body } = await send({ port: kong.proxyPort, path, headers: { host } });
      if (host === 'plain') return status === 200 ? decodeURIComponent(body) : `${status}`;
      if (body.includes('SERVERLESS_MAINTENANCE')) return (JSON.parse(body) as { backend: string }).backend;
      return status === 200 ? `nothing, and Kong goes on to ${body}` : `${status}`;
    };
    await fc.assert(
      fc.asyncProperty(requestPath, async (path) => {
        const expected = await ask(path, 'plain');
        counts[expected] = (counts[expected] ?? 0) + 1;
        expect([path, await ask(path, 'guarded')]).toEqual([path, expected]);
      }),
      parameters(3000),
    );
    say(`paths: ${JSON.stringify(counts)}`);
    expect(Object.keys(counts).length).toBeGreaterThan(2);
  }, 600_000);
});
