/** A stretch of time for which a sample stands, milliseconds: far less than any message lives. */
const WINDOW_MS = 500;
/** So many are looked at in each, so that slow traffic is counted exactly. */
const ENOUGH = 32;

/**
 * Which part of the requests for a backend that is up wants it up, where some must not wake it. To look at each would cost every warm
 * request calls to Kong: of fast traffic a sample is looked at, and stands for the rest.
 */
export class DemandSample {
  #endsAt = 0;
  #seen = 0;
  #wanting = 0;

  /** A request was looked at. */
  add(wakes: boolean, now: number): void {
    if (now >= this.#endsAt) {
      this.#endsAt = now + WINDOW_MS;
      this.#seen = 0;
      this.#wanting = 0;
    }
    this.#seen += 1;
    if (wakes) this.#wanting += 1;
  }

  /** Whether enough is known for the next one to pass unread. Not while nobody wanted it up: the next one may be the first. */
  isEnough(now: number): boolean {
    return now < this.#endsAt && this.#seen >= ENOUGH && this.#wanting > 0;
  }

  /** For how many requests that want it up one stands that was not looked at. */
  get share(): number {
    return this.#wanting / this.#seen;
  }
}
