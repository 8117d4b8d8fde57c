import type { ErrorCode, ServerlessError } from '../core/errors';
import type { Clock, Logger } from '../core/ports';
import type { PluginInstance, Product } from '../kong/contract';
import type { OpenCall } from './connection';
import { randomId } from './random-id';
import { PhaseRun, type RunReports } from './phase-run';

/** Kong runs a PDK call at once. If its Step has not come for so long, it never will: the request is gone. */
const STEP_TIMEOUT_MS = 60_000;

/** Who is told how phases went. */
export type ToldOfPhases = Pick<Product, 'onRejected' | 'onServed'>;

/**
 * The events under way: phases that Kong waits for, and phases whose PDK call Kong runs. One that ends within its first call is never
 * entered here, and every other is removed when it ends: kong-pdk keeps those that end without a Step for ever (K3).
 */
export class Events implements RunReports {
  readonly #runs = new Map<number, PhaseRun>();
  /** Random as the first instance id is, so that a Step meant for another process of ours finds nothing here. */
  #nextId = randomId();
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #told: ToldOfPhases;
  #rejection: ServerlessError | undefined;

  constructor(clock: Clock, log: Logger, told: ToldOfPhases) {
    this.#clock = clock;
    this.#log = log;
    this.#told = told;
  }

  get size(): number {
    return this.#runs.size;
  }

  /** Runs the access phase of an instance for a HandleEvent. */
  begin(instance: PluginInstance, call: OpenCall): void {
    new PhaseRun(this.#clock, this).start(instance, call);
  }

  /** Continues an event with Kong's Step. False: no event with this id waits for one. */
  step(eventId: unknown, call: OpenCall, result: unknown, error: unknown): boolean {
    const run = this.#runs.get(eventId as number);
    if (run?.awaitsStep !== true) return false;
    run.step(call, result, error);
    const rejection = this.#rejection;
    if (rejection !== undefined) {
      // What the phase says without waiting for anything is said by then. If it says nothing it holds its request, and this was a heartbeat.
      this.#clock.after(0, () => {
        run.reject(rejection);
      });
    }
    return true;
  }

  /**
   * Rejects every request that is held, now or when it is our turn again, as a last resort: Kong lets a request through whose
   * connection just ends (K6).
   */
  rejectHeld(error: ServerlessError): void {
    this.#rejection = error;
    for (const run of this.#runs.values()) run.reject(error);
  }

  /** Stops every phase without an answer. Returns the calls that wait for one; a Step of the others finds no event. */
  abandon(): OpenCall[] {
    return [...this.#runs.values()].map((run) => run.drop()).filter((call) => call !== undefined);
  }

  /** Drops those whose Step never came. */
  expire(): void {
    const limit = this.#clock.now() - STEP_TIMEOUT_MS;
    for (const run of this.#runs.values()) if (run.awaitsStepSince(limit)) run.drop();
  }

  entered(run: PhaseRun): number {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#runs.set(id, run);
    return id;
  }

  ended(run: PhaseRun): void {
    this.#runs.delete(run.eventId);
  }

  failed(error: unknown): void {
    this.#log.error({ err: error }, 'the access phase failed; its request is rejected with 503');
  }

  served(ms: number, asked: boolean): void {
    this.#told.onServed(ms, asked);
  }

  rejected(code: ErrorCode): void {
    this.#told.onRejected(code);
  }
}
