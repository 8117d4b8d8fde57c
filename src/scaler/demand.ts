/** One message of a gateway, as far as demand goes. */
export interface Said {
  /** Whose message it is: each gateway node speaks for itself. */
  readonly gateway: string;
  /** How many requests it stands for. */
  readonly requests: number;
  /** How many requests the gateway holds for the backend. */
  readonly held: number;
  /** How many connections to the backend are open. */
  readonly inFlight: number;
  /** How long it counts, milliseconds. */
  readonly ttlMs: number;
}

/** What is wanted of one topic's backend. */
export interface Wanted {
  readonly active: boolean;
  /** Requests of the messages that have not expired. */
  readonly requests: number;
  readonly held: number;
  readonly inFlight: number;
}

/** Steps of a message's life in which requests are forgotten: a window of 30 s ends up to half a second late. */
const STEPS = 64;
const MOST_TOPICS = 10_000;
const MOST_GATEWAYS = 1000;

interface Gateway {
  readonly held: number;
  readonly inFlight: number;
  readonly until: number;
}

interface Topic {
  /** Until the last message expires. */
  until: number;
  /** When a message came last. */
  heardAt: number;
  /** Requests by the time at which they are forgotten, in that order of time but for messages of another time to live. */
  readonly requests: Map<number, number>;
  readonly gateways: Map<string, Gateway>;
}

const NOTHING: Wanted = { active: false, requests: 0, held: 0, inFlight: 0 };

/** Thrown when there are more topics than are kept: a sign of messages that nobody meant. */
export class TooManyTopics extends Error {}

/**
 * What the messages of all gateways say of each topic, for as long as they live. It knows no clock: `now` is any monotonic time in
 * milliseconds. What is kept does not grow with traffic: requests are counted by the time at which they expire.
 */
export class Demand {
  readonly #topics = new Map<string, Topic>();

  /** Topics of which anything is known. */
  get size(): number {
    return this.#topics.size;
  }

  /**
   * Notes a message.
   *
   * @param topic any text that names it
   * @throws TooManyTopics
   */
  record(topic: string, said: Said, now: number): void {
    const { gateway, requests, held, inFlight, ttlMs } = said;
    const known = this.#topics.get(topic) ?? this.#add(topic, now);
    const step = Math.max(1, Math.ceil(ttlMs / STEPS));
    // Rounded up: a message may count for longer than it lives, and never for less.
    const forgottenAt = Math.ceil((now + ttlMs) / step) * step;
    known.until = Math.max(known.until, now + ttlMs);
    known.heardAt = now;
    if (requests > 0) known.requests.set(forgottenAt, (known.requests.get(forgottenAt) ?? 0) + requests);
    known.gateways.delete(gateway);
    if (held > 0 || inFlight > 0) known.gateways.set(gateway, { held, inFlight, until: now + ttlMs });
    forget(known, now);
  }

  wanted(topic: string, now: number): Wanted {
    const known = this.#topics.get(topic);
    if (known === undefined) return NOTHING;
    forget(known, now);
    if (now >= known.until && known.requests.size === 0) {
      this.#topics.delete(topic);
      return NOTHING;
    }
    const gateways = [...known.gateways.values()];
    return {
      active: now < known.until,
      requests: sum([...known.requests.values()]),
      held: sum(gateways.map(({ held }) => held)),
      inFlight: sum(gateways.map(({ inFlight }) => inFlight)),
    };
  }

  /** How long ago a message came for the topic, milliseconds; undefined: none that has not expired. */
  silentMs(topic: string, now: number): number | undefined {
    const known = this.#topics.get(topic);
    return known === undefined ? undefined : now - known.heardAt;
  }

  /** Every topic of which anything is known. */
  topics(): string[] {
    return [...this.#topics.keys()];
  }

  #add(topic: string, now: number): Topic {
    if (this.#topics.size >= MOST_TOPICS) this.#forgetExpired(now);
    if (this.#topics.size >= MOST_TOPICS) throw new TooManyTopics(`there are ${MOST_TOPICS} topics already`);
    const added: Topic = { until: now, heardAt: now, requests: new Map(), gateways: new Map() };
    this.#topics.set(topic, added);
    return added;
  }

  #forgetExpired(now: number): void {
    for (const topic of this.topics()) this.wanted(topic, now);
  }
}

function forget({ requests, gateways }: Topic, now: number): void {
  for (const at of requests.keys()) if (at <= now) requests.delete(at);
  for (const [name, { until }] of gateways) if (until <= now) gateways.delete(name);
  // The one that has been silent for longest goes first.
  while (gateways.size > MOST_GATEWAYS) gateways.delete(gateways.keys().next().value ?? '');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
