import { percentile, sendMany, tally } from '../../real-parts/http';
import { KongRig } from '../support/kong-rig';
import { sleep } from '../../real-parts/wait';
import { counterOf, median } from './numbers';

/** As many as one worker of a gateway may meet at once after a night's silence; the number that was measured on the predecessor. */
export const HELD = 613;
/** From the first request until the backend answers its health path, ms. */
const COLD_MS = 5000;

export interface ColdBurst {
  /** From the health path turning green until the answer, of the held. */
  readonly releaseP50Ms: number;
  readonly releaseP99Ms: number;
  /** The same burst on a route without a plugin, from its start until the answer. */
  readonly plainP99Ms: number;
  /** In all rounds. */
  readonly statuses: Record<string, number>;
  /** Of the worst round. */
  readonly probes: number;
  readonly coldStartMessages: number;
  readonly activityMessages: number;
}

/** A burst held on one nginx worker, and the same burst on a route without a plugin, in turns. */
export const measureColdBurst = async (rounds: number, say: (line: string) => void): Promise<ColdBurst> => {
  const rig = await KongRig.start({
    backends: [{ name: 'cold', state: 'unready', plugin: { lease: 300 } }],
    routes: ({ cold }) => [{ name: 'plain', path: '/plain', to: cold?.target ?? '' }],
  });
  try {
    const backend = rig.backend('cold');
    const p50: number[] = [];
    const p99: number[] = [];
    const plainP99: number[] = [];
    const statuses: Record<string, number> = {};
    const worst = { probes: 0, coldStart: 0, activity: 0 };
    for (let round = 1; round <= rounds; round += 1) {
      await backend.become('unready');
      await rig.forgets('cold');
      const probesBefore = await probesOf(rig);
      rig.dapr.published.length = 0;
      const from = performance.now();
      const answers = sendMany(HELD, { port: rig.kong.proxyPort, path: '/cold/' });
      await rig.holds(HELD, 'cold');
      await sleep(COLD_MS - (performance.now() - from));
      const coldStart = rig.dapr.messages('cold-start').length;
      await backend.become('ready');
      const settled = await answers;
      const after = settled.map(({ at }) => at - backend.readyAt);
      const probes = (await probesOf(rig)) - probesBefore;
      p50.push(percentile(after, 0.5));
      p99.push(percentile(after, 0.99));
      for (const [status, count] of Object.entries(tally(settled))) statuses[status] = (statuses[status] ?? 0) + count;
      worst.probes = Math.max(worst.probes, probes);
      worst.coldStart = Math.max(worst.coldStart, coldStart);
      worst.activity = Math.max(worst.activity, rig.dapr.messages('activity').length);

      const start = performance.now();
      const plainAnswers = await sendMany(HELD, { port: rig.kong.proxyPort, path: '/plain/' });
      plainP99.push(
        percentile(
          plainAnswers.map(({ at }) => at - start),
          0.99,
        ),
      );
      say(
        `burst ${round}/${rounds}: p99 ${p99.at(-1)?.toFixed(0) ?? ''} ms after green, ` +
          `without plugin ${plainP99.at(-1)?.toFixed(0) ?? ''} ms, ${probes} probes, ${coldStart} cold-start messages`,
      );
    }
    return {
      releaseP50Ms: median(p50),
      releaseP99Ms: median(p99),
      plainP99Ms: median(plainP99),
      statuses,
      probes: worst.probes,
      coldStartMessages: worst.coldStart,
      activityMessages: worst.activity,
    };
  } finally {
    await rig.stop();
  }
};

const probesOf = async (rig: KongRig): Promise<number> =>
  counterOf(await rig.serverless.metrics(), 'serverless_probes_total', 'backend="/cold"');
