import type { Broker } from './broker/broker';
import type { Clock } from './clock';
import { Sidecar } from './dapr/sidecar';
import { Subscriber } from './dapr/subscriber';
import { messageOf } from './error-message';
import type { Journal } from './journal';
import type { Component } from './manifests/component';
import type { Workload } from './manifests/workload';
import type { Replica } from './replicas/replica';

/** The sidecars of subscribing replicas: one per ready replica of a Deployment with a Dapr app port. */
export class Workers {
  readonly #sidecars = new Map<string, Sidecar>();
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #components: readonly Component[];
  readonly #broker: Broker;
  readonly #clock: Clock;
  readonly #journal: Journal;

  constructor(components: readonly Component[], broker: Broker, clock: Clock, journal: Journal) {
    this.#components = components;
    this.#broker = broker;
    this.#clock = clock;
    this.#journal = journal;
  }

  /** Publishes a job as the worker's own application, since the component's scopes name that. Rejects with Dapr's message. */
  async publish(workload: Workload, path: string, job: object): Promise<void> {
    const sidecar = this.#sidecarOf(workload.dapr?.appId ?? workload.name);
    const headers = { 'content-type': 'application/json' };
    const answer = await sidecar.handle({ method: 'POST', url: path, headers, body: JSON.stringify(job) });
    if (answer.status !== 204) throw new Error(JSON.stringify(answer.body));
  }

  /** Starts or stops a replica's sidecar after the replica has changed. */
  follow(workload: Workload, replica: Replica): void {
    if (workload.dapr?.appPort === undefined) return;
    const { endpoint } = replica;
    const known = this.#subscribers.get(replica.name);
    if (endpoint !== undefined && known === undefined) {
      const subscriber = new Subscriber(workload.dapr.appId, endpoint, this.#components, this.#broker, this.#clock);
      this.#subscribers.set(replica.name, subscriber);
      subscriber.start().catch((error: unknown) => {
        this.#journal.error('dapr', `${replica.name}: ${messageOf(error)}`);
      });
    } else if (endpoint === undefined) {
      known?.stop();
      this.#subscribers.delete(replica.name);
    }
  }

  #sidecarOf(appId: string): Sidecar {
    const known = this.#sidecars.get(appId);
    if (known !== undefined) return known;
    const sidecar = new Sidecar(appId, this.#components, this.#broker, this.#clock, this.#journal);
    this.#sidecars.set(appId, sidecar);
    return sidecar;
  }
}
