import { traceContext, type TraceContext } from '../core/tracing';
import { isRecord } from '../core/types';
import type { Said } from './demand';

/** Where the message does not say how long it lives, seconds: the plugin's default. */
const DEFAULT_TTL_S = 30;
/** One day: what the plugin accepts. */
const LONGEST_TTL_S = 86_400;
/** More than any gateway holds or serves within the life of one message; what is beyond is a mistake, not traffic. */
const MOST = 1_000_000_000;

/**
 * Reads a message of the plugin, of whichever version: a field that is missing or not a number counts for nothing. So does whatever else
 * is published to the topic: it is a wake-up, as it is for a queue whose depth KEDA reads.
 *
 * @param ttlSeconds as the publisher told Dapr, which wins over what the message says
 */
export function readMessage(data: unknown, ttlSeconds?: number): Said {
  const fields = isRecord(data) ? data : {};
  const ttl = ttlSeconds ?? number(fields['ttl'], DEFAULT_TTL_S);
  return {
    gateway: typeof fields['gateway'] === 'string' ? fields['gateway'].slice(0, 253) : '',
    requests: number(fields['requests'], isRecord(data) && 'inFlight' in fields ? 0 : 1),
    held: number(fields['held'], 0),
    inFlight: number(fields['inFlight'], 0),
    ttlMs: Math.min(Math.max(ttl, 1), LONGEST_TTL_S) * 1000,
  };
}

/**
 * The trace that a message belongs to, which is the plugin's own word: what Dapr writes around a message is in a trace of Dapr's where the
 * plugin named none.
 */
export function traceOf(data: unknown): TraceContext | undefined {
  return isRecord(data) ? traceContext(data['traceparent'], data['tracestate']) : undefined;
}

function number(value: unknown, fallback: number): number {
  return typeof value === 'number' && value >= 0 ? Math.min(value, MOST) : fallback;
}
