import type { Pod } from '../core/ports';
import { isRecord } from '../core/types';

/** As much of an EndpointSlice as tells where a Service's pods are. */
export interface Slice {
  /** Identity in its namespace. */
  readonly name: string;
  /** The Service that it belongs to. */
  readonly service: string;
  /** Those that run or start. */
  readonly pods: readonly Pod[];
}

/** The label by which a slice names its Service. */
const SERVICE = 'kubernetes.io/service-name';

/**
 * Reads an object of `discovery.k8s.io/v1`. A pod counts from the moment that it has an address, Ready or not: the first event with an
 * address may say either. One that terminates does not, although it may serve for a while yet.
 *
 * @returns undefined for what is no slice of a Service
 */
export function readSlice(object: unknown): Slice | undefined {
  if (!isRecord(object) || !isRecord(object.metadata) || !isRecord(object.metadata.labels)) return undefined;
  const { name, labels } = object.metadata;
  const service = labels[SERVICE];
  if (typeof name !== 'string' || typeof service !== 'string') return undefined;
  const endpoints = Array.isArray(object.endpoints) ? (object.endpoints as unknown[]) : [];
  const ports = portsOf(object.ports);
  return { name, service, pods: endpoints.flatMap((endpoint) => podsOf(endpoint, ports)) };
}

/** The ports of all pods of a slice. One without a number stands for all ports, and says nothing. */
function portsOf(list: unknown): ReadonlyMap<string, number> {
  const ports = new Map<string, number>();
  for (const entry of Array.isArray(list) ? (list as unknown[]) : []) {
    if (!isRecord(entry) || typeof entry.port !== 'number') continue;
    ports.set(typeof entry.name === 'string' ? entry.name : '', entry.port);
  }
  return ports;
}

function podsOf(endpoint: unknown, ports: ReadonlyMap<string, number>): Pod[] {
  if (!isRecord(endpoint) || !Array.isArray(endpoint.addresses)) return [];
  const { terminating, ready } = isRecord(endpoint.conditions) ? endpoint.conditions : {};
  if (terminating === true) return [];
  const addresses = endpoint.addresses.filter((address): address is string => typeof address === 'string');
  return addresses.map((address) => ({ address, ready: ready !== false, ports }));
}
