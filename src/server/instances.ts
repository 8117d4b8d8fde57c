import type { Clock } from '../core/ports';
import type { PluginInstance } from '../kong/contract';
import { randomId } from './random-id';

interface Entry {
  readonly instance: PluginInstance;
  /** Seconds since 1970, as Kong's plugin servers report it. */
  readonly startTime: number;
  lastUsed: number;
}

/**
 * The plugin instances that Kong has started: one per nginx worker and plugin configuration (K12). Kong closes those it
 * replaces; those of a worker that died expire.
 */
export class Instances {
  readonly #entries = new Map<number, Entry>();
  /**
   * Random, so that an id which Kong remembers from another process of ours is unknown here and is started anew. kong-pdk counts
   * from 0, and after a restart route A runs route B's configuration (K8).
   */
  #nextId = randomId();
  readonly #clock: Clock;
  readonly #expiryMs: number;

  /**
   * @param expiryMs an instance without a request for so long is forgotten; Kong starts it anew when it wants it again
   */
  constructor(clock: Clock, expiryMs: number) {
    this.#clock = clock;
    this.#expiryMs = expiryMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Adds an instance; returns its id. */
  add(instance: PluginInstance, startTime: number): number {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#entries.set(id, { instance, startTime, lastUsed: this.#clock.now() });
    return id;
  }

  /** The instance, which counts as used now. */
  use(id: unknown): PluginInstance | undefined {
    const entry = this.#entries.get(id as number);
    if (entry === undefined) return undefined;
    entry.lastUsed = this.#clock.now();
    return entry.instance;
  }

  ids(): number[] {
    return [...this.#entries.keys()];
  }

  /** When an instance was started. */
  startTime(id: unknown): number | undefined {
    return this.#entries.get(id as number)?.startTime;
  }

  /** Whether there was one. */
  remove(id: unknown): boolean {
    return this.#entries.delete(id as number);
  }

  /** Forgets the unused ones; returns how many those were. */
  expire(): number {
    const before = this.#entries.size;
    const limit = this.#clock.now() - this.#expiryMs;
    for (const [id, entry] of this.#entries) if (entry.lastUsed <= limit) this.#entries.delete(id);
    return before - this.#entries.size;
  }
}
