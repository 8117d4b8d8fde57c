import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { FakeDapr } from '../support/fake-dapr';
import { KongRig } from '../support/kong-rig';
import { Serverless } from '../../real-parts/serverless';
import { sleep } from '../../real-parts/wait';
import { startEmptyPlugin } from './empty-plugin';
import { median } from './numbers';

const STARTS = 10;
/** Two levels of held requests: their difference is what one more costs, without what the first ones cost once. */
const FEW = 1000;
const MANY = 3000;
/** How long a process is left alone before its memory is read, ms. */
const SETTLE_MS = 5000;

export interface Footprint {
  /** From exec until the socket is there, which then takes connections, ms. */
  readonly listeningMs: { readonly median: number; readonly worst: number };
  /** What Node takes to start and end without doing anything, ms: none of it is ours. */
  readonly nodeMs: number;
  /** The empty plugin on kong-pdk's server, ms. */
  readonly emptyListeningMs: number;
  readonly idleMb: number;
  readonly emptyIdleMb: number;
  /** What one more held request costs, kB. */
  readonly kbPerHeld: number;
  /** The whole process with `held` requests held. */
  readonly held: number;
  readonly heldMb: number;
}

/** How soon the server listens, and what it weighs: idle, and with requests held. */
export const measureFootprint = async (say: (line: string) => void): Promise<Footprint> => {
  const dapr = await FakeDapr.start();
  const listening: number[] = [];
  const bare: number[] = [];
  let idleKb = NaN;
  for (let start = 1; start <= STARTS; start += 1) {
    const serverless = await Serverless.start({ gatewayPort: 1, daprPort: dapr.port });
    listening.push(serverless.startMs);
    const from = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    bare.push(performance.now() - from);
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

  const rig = await KongRig.start({ backends: [{ name: 'many', plugin: { max_held: 5000, hold_timeout: 120_000 } }] });
  try {
    const few = rig.burst(FEW, '/many/');
    await rig.holds(FEW, 'many');
    await sleep(SETTLE_MS);
    const fewKb = rig.serverless.rssKb();
    const more = rig.burst(MANY - FEW, '/many/');
    await rig.holds(MANY, 'many');
    await sleep(SETTLE_MS);
    const manyKb = rig.serverless.rssKb();
    const kbPerHeld = (manyKb - fewKb) / (MANY - FEW);
    say(`${MANY} held: ${(manyKb / 1024).toFixed(0)} MB, one more costs ${kbPerHeld.toFixed(1)} kB`);
    await rig.backend('many').become('ready');
    await Promise.all([few, more]);
    return {
      listeningMs: { median: median(listening), worst: Math.max(...listening) },
      nodeMs: median(bare),
      emptyListeningMs: empty.startMs,
      idleMb: idleKb / 1024,
      emptyIdleMb: emptyKb / 1024,
      kbPerHeld,
      held: MANY,
      heldMb: manyKb / 1024,
    };
  } finally {
    await rig.stop();
  }
};

const rssKb = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
