import { sleep } from '../../real-parts/wait';
import { KongRig } from '../support/kong-rig';

/** Two levels of held requests: their difference is what one more costs, without what the first ones cost once. */
const FEW = 1000;
const MANY = 3000;
/** How long a process is left alone before its memory is read, ms. */
const SETTLE_MS = 5000;

/** What held requests weigh in the plugin server. */
export interface HeldMemory {
  /** What one more held request costs, kB. */
  readonly kbPerHeld: number;
  /** The whole process with `held` requests held. */
  readonly held: number;
  readonly heldMb: number;
}

export const measureHeldMemory = async (say: (line: string) => void): Promise<HeldMemory> => {
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
    return { kbPerHeld, held: MANY, heldMb: manyKb / 1024 };
  } finally {
    await rig.stop();
  }
};
