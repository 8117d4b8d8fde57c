import { type Component as ComponentView, rabbitmqSettings } from '../../src/manifests/components';

/** A Dapr pub/sub component of type pubsub.rabbitmq: the demo's broker is RabbitMQ, or behaves like it. */
export interface Component {
  readonly name: string;
  /** The app ids that may use it; none: all. */
  readonly scopes: readonly string[];
  /** How long a publish that finds the broker gone waits before it connects anew (D2). */
  readonly reconnectWaitMs: number;
  /** Whether its messages outlive the broker (D6). */
  readonly persistent: boolean;
  /** Messages that a sidecar hands to its application at once; 0: all that are there. */
  readonly prefetch: number;
  /** Its metadata as written; undefined for what a secret holds. */
  readonly settings: ReadonlyMap<string, string | undefined>;
}

/** A Component as the sidecars take it. */
export function componentOf(view: ComponentView): Component {
  const { reconnectWaitSeconds, persistent, prefetchCount } = rabbitmqSettings(view);
  return {
    name: view.name,
    scopes: view.scopes ?? [],
    reconnectWaitMs: reconnectWaitSeconds * 1000,
    persistent,
    prefetch: prefetchCount,
    settings: new Map(view.items.map(({ name, value }) => [name, value])),
  };
}
