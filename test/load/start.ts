import { spawnSync } from 'node:child_process';
import { Serverless } from '../../real-parts/serverless';
import { sleep } from '../../real-parts/wait';
import { FakeDapr } from '../support/fake-dapr';
import { startEmptyPlugin } from './empty-plugin';
import { median, rssKb } from './numbers';

const STARTS = 10;
/** How long a process is left alone before its memory is read, ms. */
const SETTLE_MS = 5000;

/** How soon the server listens, and what it weighs idle. Without Kong. */
export interface Start {
  /** From exec until the socket is there, which then accepts connections, ms. */
  readonly listeningMs: { readonly median: number; readonly worst: number };
  /** What Node takes to start and exit without doing anything, ms: none of it is ours. */
  readonly nodeMs: number;
  /** The empty plugin on kong-pdk's server, ms. */
  readonly emptyListeningMs: number;
  readonly idleMb: number;
  readonly emptyIdleMb: number;
}

export const measureStart = async (say: (line: string) => void): Promise<Start> => {
  const listening: number[] = [];
  const bare: number[] = [];
  let idleKb = NaN;
  const dapr = await FakeDapr.start();
  try {
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
  } finally {
    await dapr.stop();
  }
  say(`listening after ${median(listening).toFixed(0)} ms, idle ${(idleKb / 1024).toFixed(0)} MB`);

  const empty = await startEmptyPlugin();
  await sleep(SETTLE_MS);
  const emptyKb = rssKb(empty.pid);
  await empty.stop();
  return {
    listeningMs: { median: median(listening), worst: Math.max(...listening) },
    nodeMs: median(bare),
    emptyListeningMs: empty.startMs,
    idleMb: idleKb / 1024,
    emptyIdleMb: emptyKb / 1024,
  };
};
