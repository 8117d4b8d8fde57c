import type { Service } from '../../demo/kong/routes';
import type { Scalable } from '../../demo/keda/scaler';
import { FakeBackend } from '../support/fake-backend';

/** A Deployment and its Service, for the scaler and for the gateway. */
export class BackendService implements Scalable, Service {
  wanted = 0;
  /** All requested numbers of replicas; `at` as `performance.now()`. */
  readonly history: { readonly at: number; readonly replicas: number }[] = [];
  /** When it last got its first endpoint. */
  readyAt = NaN;
  #targets: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** The last change of the endpoints; changes happen one after the other. */
  #changing: Promise<unknown> = Promise.resolve();
  readonly #changed: () => Promise<void> | undefined;

  private constructor(
    readonly name: string,
    readonly backend: FakeBackend,
    public bootMs: number,
    changed: () => Promise<void> | undefined,
  ) {
    this.#changed = changed;
  }

  /** @param changed called after each change of the endpoints */
  static async start(name: string, bootMs: number, changed: () => Promise<void> | undefined): Promise<BackendService> {
    return new BackendService(name, await FakeBackend.start({ name, health: '/healthz.html' }), bootMs, changed);
  }

  endpoints(): readonly string[] {
    return this.#targets;
  }

  scale(replicas: number): void {
    this.history.push({ at: performance.now(), replicas });
    const from = this.wanted;
    this.wanted = replicas;
    if (from === 0 && replicas > 0) {
      this.#timer = setTimeout(() => {
        this.#changing = this.#changing.then(() => this.#wake());
      }, this.bootMs);
    }
    if (replicas === 0) this.#changing = this.#changing.then(() => this.#sleep());
  }

  /** Resolves once the gateway has been told of the last change. */
  async told(): Promise<void> {
    await this.#changing;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#changing;
    await this.backend.stop();
  }

  async #wake(): Promise<void> {
    await this.backend.become('ready');
    this.#targets = [this.backend.target];
    this.readyAt = performance.now();
    await this.#changed();
  }

  async #sleep(): Promise<void> {
    clearTimeout(this.#timer);
    this.#targets = [];
    await this.#changed();
    await this.backend.become('asleep');
  }
}
