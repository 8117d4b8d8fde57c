import type { Clock } from '../core/ports';

/** One timer, set to what is due next. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #set: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** When it rings; undefined: it is not set. */
  get at(): number | undefined {
    return this.#set?.at;
  }

  /** Rings once at this moment and not at the one before; undefined: not at all. */
  set(at: number | undefined): void {
    if (at === this.#set?.at) return;
    this.#set?.cancel();
    this.#set = undefined;
    if (at === undefined) return;
    const cancel = this.#clock.after(Math.max(0, at - this.#clock.now()), () => {
      this.#set = undefined;
      this.#ring();
    });
    this.#set = { at, cancel };
  }
}
