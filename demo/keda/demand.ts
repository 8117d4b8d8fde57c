import type { Broker } from '../broker/broker';
import type { Scaling } from '../manifests/scaled-object';

/** Where KEDA learns how much one Deployment is wanted. */
export interface Demand {
  /** Messages in the queue, or requests of the window. Rejects while it cannot be asked. */
  of(scaling: Scaling): Promise<number>;
  /** Calls back as soon as the Deployment is wanted, where somebody tells that. Returns how to stop. */
  follow(scaling: Scaling, onWanted: () => void): () => void;
  /** For people: so much of it. */
  words(amount: number): string;
}

/** The depth of a queue: KEDA has to ask. */
export class QueueDemand implements Demand {
  readonly #broker: Pick<Broker, 'depth'>;

  constructor(broker: Pick<Broker, 'depth'>) {
    this.#broker = broker;
  }

  of({ queue }: Scaling): Promise<number> {
    return this.#broker.depth(queue);
  }

  follow(): () => void {
    return () => undefined;
  }

  words(amount: number): string {
    return amount === 1 ? '1 message' : `${amount} messages`;
  }
}
