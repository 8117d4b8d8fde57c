import { isRecord } from '../core/types';
import { type Broker, scalerOf } from './brokers';
import { KEDA } from './host-defaults';
import { type HpaBehavior, hpaBehavior } from './hpa-behavior';
import type { Manifest, Place } from './manifest';
import type { Path } from './path';
import { items, numeric, text } from './value';

/** KEDA's ScaledObject. Its numbers are KEDA's and Kubernetes' defaults where the file has none. */
export interface ScaledObject {
  readonly manifest: Manifest;
  readonly namespace: string;
  readonly target: { readonly kind: string; readonly name: string; readonly place: Place };
  readonly pollingIntervalMs: number;
  readonly cooldownMs: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly behavior: HpaBehavior;
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

/** KEDA's ScaledObjects. */
export function scaledObjectsOf(manifests: readonly Manifest[]): ScaledObject[] {
  return manifests.filter(({ kind }) => kind === 'ScaledObject').map(readScaledObject);
}

function readScaledObject(manifest: Manifest): ScaledObject {
  const number = (name: string): number | undefined => numeric(manifest.get('spec', name));
  const milliseconds = (name: string): number | undefined => {
    const seconds = number(name);
    return seconds === undefined ? undefined : seconds * 1000;
  };
  return {
    manifest,
    namespace: manifest.namespace,
    target: {
      kind: text(manifest.get('spec', 'scaleTargetRef', 'kind')) ?? KEDA.targetKind,
      name: text(manifest.get('spec', 'scaleTargetRef', 'name')) ?? '',
      place: manifest.place('spec', 'scaleTargetRef', 'name'),
    },
    pollingIntervalMs: milliseconds('pollingInterval') ?? KEDA.pollingIntervalMs,
    cooldownMs: milliseconds('cooldownPeriod') ?? KEDA.cooldownMs,
    minReplicas: number('minReplicaCount') ?? KEDA.minReplicas,
    maxReplicas: number('maxReplicaCount') ?? KEDA.maxReplicas,
    behavior: hpaBehavior(manifest.get('spec', 'advanced', 'horizontalPodAutoscalerConfig', 'behavior')),
    triggers: items(manifest.get('spec', 'triggers')).map((_, index) =>
      readTrigger(manifest, ['spec', 'triggers', index]),
    ),
  };
}

function readTrigger(manifest: Manifest, at: Path): Trigger {
  const type = text(manifest.get(...at, 'type')) ?? '';
  const scaler = scalerOf(type);
  const metadata = (name: string): string | undefined => text(manifest.get(...at, 'metadata', name));
  const field = scaler?.queueFields.find((name) => metadata(name) !== undefined);
  const all = manifest.get(...at, 'metadata');
  return {
    type,
    broker: scaler?.broker,
    place: manifest.place(...at),
    queue:
      scaler === undefined || field === undefined
        ? undefined
        : { name: scaler.queueName(metadata(field) ?? ''), place: manifest.place(...at, 'metadata', field) },
    authentication: text(manifest.get(...at, 'authenticationRef', 'name')),
    metadata,
    metadataPlace: (name) => manifest.place(...at, 'metadata', name),
    metadataNames: isRecord(all) ? Object.keys(all) : [],
  };
}

/** Messages per replica of a trigger of type rabbitmq. `queueLength` is the predecessor's name for `value`. */
export function messagesPerReplica(trigger: Trigger): number {
  return numeric(trigger.metadata('value') ?? trigger.metadata('queueLength')) ?? KEDA.rabbitmq.messagesPerReplica;
}
