import type { Field } from './field';

/** A Dapr pub/sub component. */
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

/** Reads a Component of type pubsub.rabbitmq: the demo's broker is RabbitMQ, or behaves like it. */
export function componentOf(name: string, body: Field): Component {
  body.only('apiVersion', 'kind', 'metadata', 'spec', 'auth', 'scopes');
  const spec = body.get('spec').only('type', 'version', 'metadata', 'initTimeout', 'ignoreErrors');
  const type = spec.get('type');
  if (type.string() !== 'pubsub.rabbitmq') type.fail(`the demo has no broker for ${type.string()}`);
  const settings = new Map(
    spec
      .get('metadata')
      .items()
      .map((item) => [item.get('name').string(), item.get('value')]),
  );
  const number = (setting: string, fallback: number): number => settings.get(setting)?.integer() ?? fallback;
  return {
    name,
    scopes: body
      .get('scopes')
      .items()
      .map((scope) => scope.string()),
    reconnectWaitMs: number('reconnectWaitSeconds', 3) * 1000,
    persistent: settings.get('deliveryMode')?.stringOr('1') === '2',
    prefetch: number('prefetchCount', 0),
    settings: new Map(
      [...settings].map(([setting, value]) => [setting, value.isAbsent() ? undefined : String(value.value)]),
    ),
  };
}
