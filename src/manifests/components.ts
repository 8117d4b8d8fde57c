import type { Manifest, Place } from './manifest';
import { isRecord, items, numeric, text } from './value';

/** Brokers whose names the rules can compare across Dapr, KEDA and the broker's own objects. */
export type Broker = 'rabbitmq' | 'sqs' | 'servicebus' | 'pubsub' | 'redis';

/** A Dapr pub/sub component. */
export interface Component {
  readonly manifest: Manifest;
  readonly name: string;
  readonly namespace: string;
  readonly type: string;
  /** Undefined for a broker that the rules do not know. */
  readonly broker: Broker | undefined;
  /** Undefined: every app may use it. */
  readonly scopes: readonly string[] | undefined;
  /** A metadata item by its name, which Dapr compares without regard to case. */
  metadata(name: string): MetadataItem | undefined;
  /** Where an item stands, or would stand. */
  metadataPlace(name: string): Place;
  readonly items: readonly MetadataItem[];
}

export interface MetadataItem {
  readonly name: string;
  /** Undefined when it comes from a secret or the environment. */
  readonly value: string | undefined;
  readonly place: Place;
}

const BROKERS: readonly (readonly [RegExp, Broker])[] = [
  [/^pubsub\.rabbitmq$/, 'rabbitmq'],
  [/^pubsub\.(aws\.)?snssqs$/, 'sqs'],
  [/^pubsub\.azure\.servicebus(\.queues|\.topics)?$/, 'servicebus'],
  [/^pubsub\.gcp\.pubsub$/, 'pubsub'],
  [/^pubsub\.redis$/, 'redis'],
];

/** Dapr's pub/sub Components; its other building blocks and kustomize's Components are none. */
export function componentsOf(manifests: readonly Manifest[]): Component[] {
  return manifests
    .filter(({ kind, apiVersion }) => kind === 'Component' && apiVersion.startsWith('dapr.io/'))
    .map(readComponent)
    .filter(({ type }) => type.startsWith('pubsub.'));
}

function readComponent(manifest: Manifest): Component {
  const type = text(manifest.get('spec', 'type')) ?? '';
  const metadata = items(manifest.get('spec', 'metadata')).flatMap((item, index): MetadataItem[] => {
    const name = isRecord(item) ? text(item.name) : undefined;
    if (name === undefined) return [];
    return [
      { name, value: text((item as { value?: unknown }).value), place: manifest.place('spec', 'metadata', index) },
    ];
  });
  const scopes = manifest.get('scopes');
  const find = (name: string): MetadataItem | undefined =>
    metadata.find((item) => item.name.toLowerCase() === name.toLowerCase());
  return {
    manifest,
    name: manifest.name,
    namespace: manifest.namespace,
    type,
    broker: BROKERS.find(([pattern]) => pattern.test(type))?.[1],
    scopes: Array.isArray(scopes) && scopes.length > 0 ? items(scopes).map((scope) => text(scope) ?? '') : undefined,
    metadata: find,
    metadataPlace: (name) => find(name)?.place ?? manifest.place('spec', 'metadata'),
    items: metadata,
  };
}

/** Seconds as Dapr writes them: a number. */
export function secondsOf(item: MetadataItem | undefined): number | undefined {
  return numeric(item?.value);
}
