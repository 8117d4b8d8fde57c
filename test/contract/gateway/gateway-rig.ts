import { join } from 'node:path';
import type { KongFields } from '../../../demo/kong/schema';
import type { KongVersion } from '../../../demo/kong/version';
import { makeFolder, removeFolder } from '../../../real-parts/guard';
import { type Answer, send } from '../../../real-parts/http';
import { freePort } from '../../../real-parts/ports';
import { each } from '../../../real-parts/wait';
import { EchoServer } from '../echo-server';
import type { ContractRoute, GatewaySetup, GatewayUnderTest } from '../gateways';
import { RecordingPluginServer } from '../recording-plugin-server';

/** A schema with each kind of default that Kong fills in. */
const fields: KongFields = [
  { name: { type: 'string', required: true } },
  { count: { type: 'integer', default: 300, between: [1, 360000] } },
  { mode: { type: 'string', one_of: ['reject', 'pass'], default: 'reject' } },
  { on: { type: 'boolean', default: true } },
  { absent: { type: 'string' } },
  { empty: { type: 'string', default: '', len_min: 0 } },
  { words: { type: 'array', default: [], elements: { type: 'string' } } },
  {
    backend: {
      type: 'array',
      elements: {
        type: 'record',
        fields: [
          { target: { type: 'string', required: true } },
          { health: { type: 'string', default: '', len_min: 0 } },
          { none: { type: 'integer' } },
        ],
      },
    },
  },
  {
    probe: {
      type: 'record',
      required: true,
      fields: [{ timeout: { type: 'integer', default: 1000 } }, { url: { type: 'string' } }],
    },
  },
  { optional: { type: 'record', fields: [{ inner: { type: 'integer', default: 7 } }] } },
  { bare: { type: 'record', fields: [{ inner: { type: 'integer' } }] } },
  { off: { type: 'record', required: false, fields: [{ inner: { type: 'integer', default: 7 } }] } },
] as KongFields;

const written = { name: 'held', backend: [{ target: '/held' }] };

/** A gateway between a plugin server that records its calls and a backend that records its requests. */
export class GatewayRig {
  readonly #stops: readonly (() => Promise<void>)[];

  private constructor(
    readonly gateway: GatewayUnderTest,
    readonly recorder: RecordingPluginServer,
    readonly backend: EchoServer,
    /** What the gateway starts with. */
    readonly routes: readonly ContractRoute[],
    /** The facts that it is held to. */
    readonly version: KongVersion,
    stops: readonly (() => Promise<void>)[],
  ) {
    this.#stops = stops;
  }

  static async start(
    startGateway: (setup: GatewaySetup) => Promise<GatewayUnderTest>,
    version: KongVersion,
  ): Promise<GatewayRig> {
    const folder = makeFolder('contract');
    const stops = [() => removeFolder(folder)];
    try {
      const socketPath = join(folder, 'recorder.socket');
      const recorder = await RecordingPluginServer.start(socketPath);
      stops.unshift(() => recorder.stop());
      const backend = await EchoServer.start();
      stops.unshift(() => backend.stop());
      const routes = routesTo(backend.endpoint, await freePort());
      const gateway = await startGateway({ socketPath, fields, routes });
      stops.unshift(() => gateway.stop());
      return new GatewayRig(gateway, recorder, backend, routes, version, stops);
    } catch (error) {
      await each(stops).catch(() => undefined);
      throw error;
    }
  }

  /** Forgets what was recorded, and what the plugin server was told to do. */
  reset(): void {
    this.recorder.reset();
    this.backend.asked.length = 0;
  }

  /** A message of Kong's own, as the body of an answer. In 3.x the request's id belongs to it. */
  kongsOwn(message: string): object {
    return this.version.isThree ? { message, request_id: expect.stringMatching(/^[\da-f]{32}$/) } : { message };
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return send({ port: this.gateway.port, path, headers });
  }

  /** Makes these PDK calls during the access phase of one request; resolves with what they returned. */
  async during(path: string, ...calls: [string, ...unknown[]][]): Promise<unknown[]> {
    const returned: unknown[] = [];
    this.recorder.phase = async (pdk) => {
      for (const [method, ...args] of calls) returned.push(await pdk(method, ...args));
    };
    await this.get(path, { 'X-Once': 'one', Cookie: 'a=b' });
    return returned;
  }

  async stop(): Promise<void> {
    await each(this.#stops);
  }
}

const routesTo = (endpoint: string, closedPort: number): ContractRoute[] => [
  { id: 'held', match: 'prefix', path: '/held', endpoints: [endpoint], config: written },
  { id: 'plain', match: 'prefix', path: '/plain', endpoints: [endpoint] },
  { id: 'empty', match: 'prefix', path: '/empty', endpoints: [], config: { name: 'empty' } },
  { id: 'dead', match: 'prefix', path: '/dead', endpoints: [`127.0.0.1:${closedPort}`] },
  { id: 'exact', match: 'exact', path: '/exact', endpoints: [endpoint], config: { name: 'exact' } },
  { id: 'strip', match: 'prefix', path: '/strip', stripPath: true, endpoints: [endpoint] },
];
