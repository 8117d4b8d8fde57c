import { isRecord } from '../core/types';
import { type Broker, brokerOfComponent } from './brokers';
import { DAPR } from './host-defaults';
import type { Manifest, Place } from './manifest';
import { items, numeric, text } from './value';

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
    broker: brokerOfComponent(type),
    scopes: Array.isArray(scopes) && scopes.length > 0 ? items(scopes).map((scope) => text(scope) ?? '') : undefined,
    metadata: find,
    metadataPlace: (name) => find(name)?.place ?? manifest.place('spec', 'metadata'),
    items: metadata,
  };
}

/** `app1=topic1,topic2;app2=topic3`, as in publishingScopes: the topics of one app, undefined when it is not named. */
export function scopedTopics(scopes: string, app: string): readonly string[] | undefined {
  const named = scopes.split(';').map((entry) => entry.split('='));
  const [, topics] = named.find(([name]) => name?.trim() === app) ?? [];
  return topics
    ?.split(',')
    .map((topic) => topic.trim())
    .filter((topic) => topic !== '');
}

/** What a Component of type pubsub.rabbitmq says, with Dapr's defaults. */
export interface RabbitmqSettings {
  /** How long a publish that finds the broker gone waits before it connects anew (D2). */
  readonly reconnectWaitSeconds: number;
  /** Whether its messages outlive the broker (D6). */
  readonly persistent: boolean;
  /** Messages that a sidecar hands to its application at once; 0: all that are there. */
  readonly prefetchCount: number;
  readonly exchangeKind: string;
}

/** Reads the metadata of a Component of type pubsub.rabbitmq. */
export function rabbitmqSettings(component: Component): RabbitmqSettings {
  const value = (name: string): string | undefined => component.metadata(name)?.value;
  const otherwise = DAPR.rabbitmq;
  return {
    reconnectWaitSeconds: numeric(value('reconnectWaitSeconds')) ?? otherwise.reconnectWaitSeconds,
    persistent: (value('deliveryMode') ?? otherwise.deliveryMode) === '2',
    prefetchCount: numeric(value('prefetchCount')) ?? otherwise.prefetchCount,
    exchangeKind: value('exchangeKind') ?? otherwise.exchangeKind,
  };
}
