import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { FakeDapr } from '../support/parts/fake-dapr';
import { Rig } from '../support/parts/rig';
import { Serverless } from '../support/parts/serverless';
import { sleep } from '../support/parts/wait';
import { startEmptyPlugin } from './empty-plugin';
import { median } from './numbers';

const STARTS = 10;
const HELD = 2000;
/** How long a process is left alone before its memory is read, ms. */
const SETTLE_MS = 5000;

export interface Footprint {
  /** From exec until the first connection succeeds, ms. */
  readonly listeningMs: { readonly median: number; readonly worst: number };
  /** The empty plugin on kong-pdk's server, ms. */
  readonly emptyListeningMs: number;
  readonly idleMb: number;
  readonly emptyIdleMb: number;
  /** With this many held, what each costs beyond the idle process. */
  readonly held: number;
  readonly kbPerHeld: number;
}

/** How soon the server listens, and what it weighs: idle, and with requests held. */
export const measureFootprint = async (say: (line: string) => void): Promise<Footprint> => {
  const dapr = await FakeDapr.start();
  const listening: number[] = [];
  let idleKb = NaN;
  for (let start = 1; start <= STARTS; start += 1) {
    const serverless = await Serverless.start({ gatewayPort: 1, daprPort: dapr.port });
    await canConnect(serverless.socket);
    listening.push(serverless.startMs);
    if (start === STARTS) {
      await sleep(SETTLE_MS);
      idleKb = serverless.rssKb();
    }
    await serverless.stop();
  }
  await dapr.stop();
  say(`listening after ${median(listening).toFixed(0)} ms, idle ${(idleKb / 1024).toFixed(0)} MB`);

  const empty = await startEmptyPlugin();
  await sleep(SETTLE_MS);
  const emptyKb = rssKb(empty.pid);
  await empty.stop();

  const rig = await Rig.start({ backends: [{ name: 'many', plugin: { max_held: 5000, hold_timeout: 120_000 } }] });
  try {
    const before = rig.serverless.rssKb();
    const answers = rig.burst(HELD, '/many/');
    await rig.holds(HELD, 'many');
    await sleep(SETTLE_MS);
    const kbPerHeld = (rig.serverless.rssKb() - before) / HELD;
    say(`${HELD} held: ${kbPerHeld.toFixed(1)} kB each`);
    await rig.backend('many').become('ready');
    await answers;
    return {
      listeningMs: { median: median(listening), worst: Math.max(...listening) },
      emptyListeningMs: empty.startMs,
      idleMb: idleKb / 1024,
      emptyIdleMb: emptyKb / 1024,
      held: HELD,
      kbPerHeld,
    };
  } finally {
    await rig.stop();
  }
};

const rssKb = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

const canConnect = (path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
  });
