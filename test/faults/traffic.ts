import { Client } from './client';
import type { Entry, Who } from './ledger';
import { BACKENDS, chance, EPISODE_MS, HOWS, PATIENT, type Schedule, type Traffic } from './schedule';
import { holdMsOf, HOST, pathsOf, type World } from './world';

const CRAWLER = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
const CLIENT = 'shop-app/1.2';
const FOREIGN_HOST = '203.0.113.7';
const POST_BYTES = 20_000;
/** How many wait for the patient backend. */
const PATIENT_CLIENTS = 5;
/** The longest that a client waits which leaves, milliseconds. */
const LEAVES_MS = 3000;

/** When the requests for one backend are sent, milliseconds from the start. */
const moments = ({ everyMs, bursts }: Traffic, random: () => number): number[] => {
  const all = bursts.flatMap(({ at, count }) => Array.from({ length: count }, () => at));
  // Poisson: the gaps are exponential.
  for (let at = -everyMs * Math.log(1 - random()); at < EPISODE_MS; at -= everyMs * Math.log(1 - random()))
    all.push(at);
  return all.toSorted((a, b) => a - b);
};

const whoAsks = ({ leavers, crawlers, foreign, posts }: Traffic, random: () => number): Who => {
  let left = random();
  for (const [who, share] of [
    ['leaver', leavers],
    ['crawler', crawlers],
    ['foreign', foreign],
    ['post', posts],
  ] as const) {
    left -= share;
    if (left < 0) return who;
  }
  return 'client';
};

/** Sends what a schedule says. Resolves when every request has ended. */
export class TrafficRun {
  readonly #world: World;
  readonly #client: Client;
  readonly #prefix: string;
  readonly #open: Promise<void>[] = [];
  readonly entries: Entry[] = [];

  /** @param prefix of the ids, for this run alone */
  constructor(world: World, prefix: string) {
    this.#world = world;
    this.#prefix = prefix;
    this.#client = new Client(world.gateway);
  }

  async run({ seed, traffic, patient }: Pick<Schedule, 'seed' | 'traffic' | 'patient'>): Promise<void> {
    if (patient)
      this.#open.push(...Array.from({ length: PATIENT_CLIENTS }, () => this.ask(PATIENT).then(() => undefined)));
    const timers = BACKENDS.flatMap((backend, n) => {
      const random = chance(seed + n);
      return moments(traffic[backend], random).map((at) => {
        const ask = this.#drawn(backend, traffic[backend], random);
        return new Promise<void>((resolve) => {
          setTimeout(() => {
            this.#open.push(ask());
            resolve();
          }, at);
        });
      });
    });
    await Promise.all(timers);
    await Promise.all(this.#open);
  }

  /** One plain request. */
  async ask(backend: string): Promise<Entry> {
    const entry = this.#note(backend, 'client', 'close', pathsOf(backend)[0] ?? '/');
    await this.#send(entry, {});
    return entry;
  }

  close(): void {
    this.#client.close();
  }

  /** Draws all that there is to draw now, so that the same schedule asks the same. */
  #drawn(backend: string, traffic: Traffic, random: () => number): () => Promise<void> {
    const who = whoAsks(traffic, random);
    const how = HOWS[Math.floor(random() * HOWS.length)] ?? 'close';
    const paths = pathsOf(backend);
    const path = `${paths[Math.floor(random() * paths.length)] ?? '/'}?ms=${Math.floor(random() * traffic.takesMs)}`;
    const leavesAfterMs = who === 'leaver' ? random() * LEAVES_MS : undefined;
    const body = who === 'post' ? 'x'.repeat(Math.floor(random() * POST_BYTES)) : undefined;
    return () => this.#send(this.#note(backend, who, how, path), { leavesAfterMs, body });
  }

  #note(backend: string, who: Who, how: Entry['how'], path: string): Entry {
    const id = `${this.#prefix}-${this.entries.length}`;
    const entry = this.#world.ledger.open({
      ...{ id, backend, who, how, path },
      ...{ holdMs: holdMsOf(backend), sentAt: performance.now() },
    });
    this.entries.push(entry);
    return entry;
  }

  async #send(
    entry: Entry,
    more: { readonly leavesAfterMs?: number | undefined; readonly body?: string | undefined },
  ): Promise<void> {
    const { id, who, how, path } = entry;
    entry.end = await this.#client.ask({
      ...{ how, path, ...more },
      seen: () => entry.served.length > 0,
      headers: {
        Host: who === 'foreign' ? FOREIGN_HOST : HOST,
        'User-Agent': who === 'crawler' ? CRAWLER : CLIENT,
        'X-Ledger': id,
      },
    });
  }
}
