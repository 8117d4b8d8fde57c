import { type Episode, runEpisode } from './episode';
import { isMade } from './faults';
import type { Verdict } from './judge';
import type { Figures } from './report';
import type { Fault, Schedule } from './schedule';
import { World } from './world';

/** After so many episodes everything is started anew, with Kubernetes to be seen where it was not. */
const EPISODES_PER_WORLD = 4;

/** What cannot be run to its end is wrong, too. */
const notRun = (error: unknown): Episode => ({
  verdicts: {},
  isSpinning: false,
  wrongs: [`not run: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
});

const nameOf = (fault: Fault): string => {
  if ('way' in fault) return `${fault.kind} ${fault.way}`;
  return fault.kind === 'server' ? `server ${fault.how}, the next one’s log: ${fault.log}` : fault.kind;
};

const add = (to: Partial<Record<Verdict, number>>, counts: Readonly<Partial<Record<Verdict, number>>>): void => {
  for (const [verdict, count] of Object.entries(counts) as [Verdict, number][])
    to[verdict] = (to[verdict] ?? 0) + count;
};

/** All episodes of a run, in worlds that are used for several of them. */
export class Run {
  readonly verdicts: Partial<Record<Verdict, number>> = {};
  readonly byFault: Record<string, { episodes: number; verdicts: Partial<Record<Verdict, number>> }> = {};
  /** In which ways it was wrong. */
  readonly wrongs = new Set<string>();
  episodes = 0;
  wrong = 0;
  gateway = '';
  #world: World | undefined;
  #left = 0;
  #seesKubernetes = false;
  readonly #say: (line: string) => void;
  readonly #file: string | undefined;
  readonly #from = performance.now();

  /** @param file another build of the plugin server than `dist/serverless` */
  constructor(say: (line: string) => void, file?: string) {
    this.#say = say;
    this.#file = file;
  }

  get figures(): Figures {
    const { gateway, episodes, wrong, verdicts, byFault } = this;
    const minutes = Math.round((performance.now() - this.#from) / 6000) / 10;
    return { gateway, minutes, episodes, wrong, verdicts, byFault };
  }

  /** Runs one; true where nothing was wrong. */
  async episode(schedule: Schedule): Promise<boolean> {
    let faults: string[] = [];
    const { verdicts, wrongs, isSpinning } = await this.#aWorld()
      .then((world) => {
        faults = schedule.faults.filter((fault) => isMade(fault, world)).map(nameOf);
        return runEpisode(schedule, world);
      })
      .catch(notRun);
    this.episodes += 1;
    add(this.verdicts, verdicts);
    for (const name of new Set(faults)) {
      const one = (this.byFault[name] ??= { episodes: 0, verdicts: {} });
      one.episodes += 1;
      add(one.verdicts, verdicts);
    }
    this.#say(`${this.episodes} [${faults.join(', ')}] ${JSON.stringify(verdicts)}`);
    // What is wrong now must not be blamed on the next one.
    if (isSpinning || wrongs.length > 0) await this.stop();
    if (wrongs.length === 0) return true;
    this.wrong += 1;
    for (const wrong of wrongs) this.wrongs.add(wrong.slice(0, wrong.indexOf(':')));
    for (const wrong of wrongs.slice(0, 6)) this.#say(wrong);
    this.#say(`of ${wrongs.length} in: --only '${JSON.stringify(schedule)}'`);
    return false;
  }

  async stop(): Promise<void> {
    const world = this.#world;
    this.#world = undefined;
    await world?.stop();
  }

  async #aWorld(): Promise<World> {
    if (this.#left === 0) {
      await this.stop();
      this.#left = EPISODES_PER_WORLD;
      this.#seesKubernetes = !this.#seesKubernetes;
    }
    this.#left -= 1;
    if (this.#world === undefined) {
      this.#world = await World.start(this.#seesKubernetes, this.#file);
      this.gateway = this.#world.gateway.description;
      this.#say(`${this.gateway}${this.#seesKubernetes ? ', pods are seen' : ''}`);
    }
    return this.#world;
  }
}
