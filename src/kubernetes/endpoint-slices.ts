import { isRecord } from '../core/types';

/** As much of an EndpointSlice as tells where a Service's pods are. */
export interface Slice {
  /** Identity in its namespace. */
  readonly name: string;
  /** The Service that it belongs to. */
  readonly service: string;
  /** Addresses of pods that run or start. */
  readonly addresses: readonly string[];
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
  return { name, service, addresses: endpoints.flatMap(addressesOf) };
}

function addressesOf(endpoint: unknown): string[] {
  if (!isRecord(endpoint) || !Array.isArray(endpoint.addresses)) return [];
  const isLeaving = isRecord(endpoint.conditions) && endpoint.conditions.terminating === true;
  return isLeaving ? [] : endpoint.addresses.filter((address): address is string => typeof address === 'string');
}
