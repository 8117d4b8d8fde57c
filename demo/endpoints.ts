import { every } from './clock';
import type { Clock } from './clock';
import type { Service } from './kong/routes';
import type { Deployment } from './replicas/deployment';

/**
 * The endpoints as the gateway knows them. On Kubernetes the ingress controller pushes changes to Kong periodically, so a replica
 * gets its first request up to one period after it is ready, and its last up to one period after it has stopped. So it is here.
 */
export class EndpointSync {
  readonly services: ReadonlyMap<string, Service>;
  #known: ReadonlyMap<string, readonly string[]> = new Map();
  #stop: () => void = () => undefined;
  readonly #deployments: readonly Deployment[];
  readonly #clock: Clock;

  constructor(deployments: readonly Deployment[], clock: Clock) {
    this.#deployments = deployments;
    this.#clock = clock;
    this.services = new Map(
      deployments.map(({ name }) => [name, { name, endpoints: () => this.#known.get(name) ?? [] }]),
    );
  }

  /** @param changed Called after each change; the next change waits until it has resolved. */
  start(periodMs: number, changed: () => Promise<void>): void {
    this.#stop = every(this.#clock, periodMs, async () => {
      const current = new Map(this.#deployments.map((deployment) => [deployment.name, deployment.endpoints()]));
      if (same(current, this.#known)) return;
      this.#known = current;
      await changed();
    });
  }

  close(): void {
    this.#stop();
  }
}

function same(one: ReadonlyMap<string, readonly string[]>, other: ReadonlyMap<string, readonly string[]>): boolean {
  return [...one].every(([name, endpoints]) => endpoints.join() === (other.get(name) ?? []).join());
}
