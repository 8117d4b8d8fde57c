import type { Manifest, Place } from './manifest';
import type { Path } from './path';
import { isRecord, items, numeric, text } from './value';
import type { Broker } from './components';

/** KEDA's ScaledObject. Its numbers are KEDA's defaults where the file has none. */
export interface ScaledObject {
  readonly manifest: Manifest;
  readonly namespace: string;
  readonly target: { readonly kind: string; readonly name: string; readonly place: Place };
  readonly pollingIntervalMs: number;
  readonly cooldownMs: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly triggers: readonly Trigger[];
}

export interface Trigger {
  readonly type: string;
  /** Undefined for a scaler that reads no queue of a broker that the rules know. */
  readonly broker: Broker | undefined;
  readonly place: Place;
  /** The queue, subscription or stream whose depth it reads; undefined when it comes from the environment. */
  readonly queue: { readonly name: string; readonly place: Place } | undefined;
  readonly authentication: string | undefined;
  metadata(name: string): string | undefined;
  metadataPlace(name: string): Place;
  readonly metadataNames: readonly string[];
}

/** Seconds, KEDA's defaults. */
const DEFAULT_POLLING = 30;
const DEFAULT_COOLDOWN = 300;
const DEFAULT_MAX_REPLICAS = 100;

const SCALERS: readonly (readonly [RegExp, Broker, readonly string[]])[] = [
  [/^rabbitmq$/, 'rabbitmq', ['queueName']],
  [/^aws-sqs-queue$/, 'sqs', ['queueURL']],
  [/^azure-servicebus$/, 'servicebus', ['queueName', 'subscriptionName']],
  [/^gcp-pubsub$/, 'pubsub', ['subscriptionName', 'topicName']],
  [/^redis-(cluster-|sentinel-)?streams$/, 'redis', ['stream']],
];

/** KEDA's ScaledObjects. */
export function scaledObjectsOf(manifests: readonly Manifest[]): ScaledObject[] {
  return manifests.filter(({ kind }) => kind === 'ScaledObject').map(readScaledObject);
}

function readScaledObject(manifest: Manifest): ScaledObject {
  const number = (name: string, otherwise: number): number => numeric(manifest.get('spec', name)) ?? otherwise;
  return {
    manifest,
    namespace: manifest.namespace,
    target: {
      kind: text(manifest.get('spec', 'scaleTargetRef', 'kind')) ?? 'Deployment',
      name: text(manifest.get('spec', 'scaleTargetRef', 'name')) ?? '',
      place: manifest.place('spec', 'scaleTargetRef', 'name'),
    },
    pollingIntervalMs: number('pollingInterval', DEFAULT_POLLING) * 1000,
    cooldownMs: number('cooldownPeriod', DEFAULT_COOLDOWN) * 1000,
    minReplicas: number('minReplicaCount', 0),
    maxReplicas: number('maxReplicaCount', DEFAULT_MAX_REPLICAS),
    triggers: items(manifest.get('spec', 'triggers')).map((_, index) =>
      readTrigger(manifest, ['spec', 'triggers', index]),
    ),
  };
}

function readTrigger(manifest: Manifest, at: Path): Trigger {
  const type = text(manifest.get(...at, 'type')) ?? '';
  const [, broker, queueFields = []] = SCALERS.find(([pattern]) => pattern.test(type)) ?? [];
  const metadata = (name: string): string | undefined => text(manifest.get(...at, 'metadata', name));
  const field = queueFields.find((name) => metadata(name) !== undefined);
  const all = manifest.get(...at, 'metadata');
  return {
    type,
    broker,
    place: manifest.place(...at),
    queue:
      field === undefined
        ? undefined
        : { name: shortName(metadata(field) ?? ''), place: manifest.place(...at, 'metadata', field) },
    authentication: text(manifest.get(...at, 'authenticationRef', 'name')),
    metadata,
    metadataPlace: (name) => manifest.place(...at, 'metadata', name),
    metadataNames: isRecord(all) ? Object.keys(all) : [],
  };
}

/** The name at the end of a queue's URL, or of `projects/p/subscriptions/s`. */
function shortName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
