import type { HpaBehavior } from '../../src/manifests/hpa-behavior';
import { KEDA } from '../../src/manifests/host-defaults';
import { messagesPerReplica, type ScaledObject, type Trigger } from '../../src/manifests/scaled-objects';
import { numeric } from '../../src/manifests/value';
import { readTrigger } from '../../src/scaler/trigger';
import { documentField } from './field';

export type { ScalingRules } from '../../src/manifests/hpa-behavior';

/** How a ScaledObject scales one Deployment by the depth of one queue. */
export interface Scaling extends HpaBehavior {
  readonly name: string;
  /** Name of the Deployment. */
  readonly target: string;
  readonly pollingIntervalMs: number;
  readonly cooldownMs: number;
  readonly min: number;
  readonly max: number;
  /** The queue that is read; or the topic that the scaler tells of. */
  readonly queue: string;
  /** What an external scaler is asked with; undefined where a queue is read. */
  readonly push: Readonly<Record<string, string>> | undefined;
  /** Messages, or requests of the window, per replica. */
  readonly value: number;
  /** More messages than this make the Deployment active. */
  readonly activation: number;
}

/** A ScaledObject with one trigger, rabbitmq or external-push, as the demo's KEDA takes it. */
export function scalingOf(view: ScaledObject): Scaling {
  const [trigger] = view.triggers;
  const source = trigger?.type === 'external-push' ? pushSource(trigger) : trigger && queueSource(trigger);
  if (source === undefined) return documentField(view.manifest).fail('it has no queue');
  return {
    name: view.manifest.name,
    target: view.target.name,
    pollingIntervalMs: view.pollingIntervalMs,
    cooldownMs: view.cooldownMs,
    min: view.minReplicas,
    max: view.maxReplicas,
    ...source,
    ...view.behavior,
  };
}

type Source = Pick<Scaling, 'queue' | 'push' | 'value' | 'activation'>;

function queueSource(trigger: Trigger): Source | undefined {
  if (trigger.queue === undefined) return undefined;
  return {
    queue: trigger.queue.name,
    push: undefined,
    value: messagesPerReplica(trigger),
    activation: numeric(trigger.metadata('activationValue')) ?? KEDA.rabbitmq.activation,
  };
}

function pushSource(trigger: Trigger): Source {
  const metadata = trigger.metadataNames.map((name) => [name, trigger.metadata(name) ?? ''] as const);
  const push = Object.fromEntries(metadata);
  return {
    queue: trigger.metadata('topic') ?? '',
    push,
    value: readTrigger(push).targetRequests,
    activation: 0,
  };
}
