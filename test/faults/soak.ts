import { readdirSync } from 'node:fs';
import autocannon from 'autocannon';
import { sleep, until } from '../../real-parts/wait';
import { KongRig } from '../support/kong-rig';

export interface SoakSize {
  readonly warm: number;
  readonly rejected: number;
  readonly cycles: number;
}

/** What a night or a month of traffic is, in short. */
export const FULL: SoakSize = { warm: 1_000_000, rejected: 100_000, cycles: 500 };

/** The plugin server at one moment. */
export interface Sample {
  readonly phase: keyof SoakSize;
  /** How much of the phase was done, of 1. */
  readonly done: number;
  readonly rssMb: number;
  readonly descriptors: number;
  /** Of `/status`: what it keeps. */
  readonly instances: number;
  readonly connections: number;
  readonly events: number;
  readonly held: number;
  readonly backends: number;
}

/** So many samples of each phase. */
const SAMPLES = 10;
const CONNECTIONS = 32;
const LEASE_MS = 100;

const sampleOf = async ({ serverless }: KongRig, phase: keyof SoakSize, done: number): Promise<Sample> => {
  const { server, backends } = await serverless.status();
  return {
    ...{ phase, done, rssMb: Math.round(serverless.rssKb() / 102.4) / 10 },
    descriptors: readdirSync(`/proc/${serverless.pid}/fd`).length,
    ...{ instances: server.instances, connections: server.connections, events: server.events },
    ...{ held: backends.reduce((sum, one) => sum + one.held, 0), backends: backends.length },
  };
};

const load = (url: string, amount: number, expected: (status: number) => boolean): Promise<void> =>
  new Promise((resolve, reject) => {
    const run = autocannon({ url, connections: CONNECTIONS, amount }, (error: Error | null, { errors }) => {
      if (error !== null) reject(error);
      else if (errors > 0) reject(new Error(`${errors} requests failed`));
      else if (unexpected > 0) reject(new Error(`${unexpected} answers were others than expected`));
      else resolve();
    });
    let unexpected = 0;
    run.on('response', (_, status) => {
      if (!expected(status)) unexpected += 1;
    });
  });

/** Sends warm and rejected requests and wakes a backend, very often, and looks at the plugin server meanwhile. */
export async function soak(size: SoakSize, say: (line: string) => void): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const rig = await KongRig.start({
    workers: 2,
    // nginx would close a connection after 1,000 requests, at times just as the next one is sent.
    kongEnv: { KONG_NGINX_HTTP_KEEPALIVE_REQUESTS: '2000000' },
    backends: [
      { name: 'warm', state: 'ready' },
      { name: 'rejected', plugin: { no_wake: [{ path: '/rejected' }] } },
      { name: 'cycled', plugin: { lease: LEASE_MS, interval: 20, probe: { settle: 0 }, message_ttl: 1 } },
    ],
  });
  const look = async (phase: keyof SoakSize, done: number): Promise<void> => {
    const sample = await sampleOf(rig, phase, done);
    samples.push(sample);
    say(`${phase} ${Math.round(done * 100)} %: ${sample.rssMb} MB, ${sample.descriptors} descriptors`);
  };
  try {
    const url = (name: string): string => `http://127.0.0.1:${rig.kong.proxyPort}/${name}/`;
    for (const [phase, isExpected] of [
      ['warm', (status: number) => status === 200],
      ['rejected', (status: number) => status === 503],
    ] as const) {
      for (let part = 1; part <= SAMPLES; part += 1) {
        await load(url(phase), size[phase] / SAMPLES, isExpected);
        await look(phase, part / SAMPLES);
      }
    }
    for (let cycle = 1; cycle <= size.cycles; cycle += 1) {
      await wakeAndSleep(rig);
      if (cycle % (size.cycles / SAMPLES) === 0) await look('cycles', cycle / size.cycles);
    }
    return samples;
  } finally {
    await rig.stop();
  }
}

/** One cold start: a request is held, its backend comes up and answers, and goes away. */
async function wakeAndSleep(rig: KongRig): Promise<void> {
  const held = rig.get('/cycled/');
  await rig.holds(1, 'cycled');
  await rig.backend('cycled').become('ready');
  const { status } = await held;
  if (status !== 200) throw new Error(`a cold start was answered ${status}`);
  await rig.backend('cycled').become('asleep');
  await sleep(LEASE_MS);
  await until('it is forgotten', async () => (await rig.serverless.held()) === 0);
}

/** What grew, and by how much: the later half of each phase against the one before. Of memory only what is more than a tenth. */
export function growth(samples: readonly Sample[]): string[] {
  const phases = [...new Set(samples.map(({ phase }) => phase))];
  const fields = ['rssMb', 'descriptors', 'instances', 'connections', 'events', 'held', 'backends'] as const;
  return phases.flatMap((phase) => {
    const own = samples.filter((sample) => sample.phase === phase);
    const half = own.length / 2;
    return fields.flatMap((field) => {
      const most = (part: readonly Sample[]): number => Math.max(...part.map((sample) => sample[field]));
      const [before, after] = [most(own.slice(0, half)), most(own.slice(half))];
      const isMore = field === 'rssMb' ? after > before * 1.1 : after > before + CONNECTIONS;
      return isMore ? [`${phase}: ${field} grew from ${before} to ${after}`] : [];
    });
  });
}
