import type { Broker } from './brokers';
import type { Manifest, Place } from './manifest';
import type { Path } from './path';
import { items, text } from './value';

/** A pod that drops expired messages from queues which keep them: keda/servicebus/sweeper.yaml, keda/redis/sweeper.yaml. */
export interface Sweeper {
  readonly manifest: Manifest;
  readonly broker: Broker;
  /** Queues or streams by name, a subscription as `TOPIC/subscriptions/NAME`. */
  readonly queues: readonly string[];
  /** Where they stand. */
  readonly place: Place;
}

/** Variables of the sweepers' containers: one that names the queues, and one that no other container has. */
const SWEEPERS: readonly { readonly broker: Broker; readonly queues: string; readonly other: string }[] = [
  { broker: 'servicebus', queues: 'QUEUES', other: 'SERVICE_BUS' },
  { broker: 'redis', queues: 'STREAMS', other: 'REDISCLI_AUTH' },
];

/** Brokers that go on counting a message after its time is over, as long as nobody consumes (D14). */
export function needsSweeper(broker: Broker | undefined): boolean {
  return SWEEPERS.some((sweeper) => sweeper.broker === broker);
}

/** The sweepers among what runs pods. */
export function sweepersOf(manifests: readonly Manifest[]): Sweeper[] {
  return manifests.flatMap((manifest) => {
    if (!['Deployment', 'StatefulSet', 'CronJob'].includes(manifest.kind)) return [];
    const pod: Path = ['spec', ...(manifest.kind === 'CronJob' ? ['jobTemplate', 'spec'] : []), 'template', 'spec'];
    const containers = [...pod, 'containers'];
    return items(manifest.get(...containers)).flatMap((_, index) => readSweeper(manifest, [...containers, index]));
  });
}

function readSweeper(manifest: Manifest, container: Path): Sweeper[] {
  const env = [...container, 'env'];
  const names = items(manifest.get(...env)).map((_, index) => text(manifest.get(...env, index, 'name')));
  return SWEEPERS.filter(({ queues, other }) => names.includes(queues) && names.includes(other)).map(
    ({ broker, queues }) => {
      const place = manifest.place(...env, names.indexOf(queues), 'value');
      const listed = (text(manifest.get(...place.path)) ?? '').split(/\s+/);
      return { manifest, broker, queues: listed.filter((name) => name !== ''), place };
    },
  );
}
