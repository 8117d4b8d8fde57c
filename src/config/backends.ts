import type { Backend, Fallback, NoWakeMatcher, Policy, ProbeSettings } from '../core/backend';
import { readablePath } from '../core/match';
import { serviceNamed } from '../core/service-name';
import { holdTimeoutMs, probeTimeoutMs } from './cross-field';
import type { Config } from './schema';
import { healthPathOf, normalizeTarget } from './target';
import { toWaitingPage } from './waiting-page';

type BackendEntry = Config['backend'][number];

/**
 * What makes two entries the same backend, whichever plugin instance names them (K12). Not the timing: a changed
 * deadline does not make a sleeping backend another one.
 */
function keyOf(entry: BackendEntry, prefix: string, { host, url, grpc }: Config['probe']): string {
  return JSON.stringify([
    prefix,
    entry.health,
    entry.pubsub,
    entry.topic,
    host ?? null,
    url ?? null,
    ...(grpc ? ['grpc'] : []),
  ]);
}

function noWakeMatchers(config: Config): NoWakeMatcher[] {
  return config.no_wake.map(({ path, method, user_agent: userAgent, class: requestClass, status, body, headers }) => ({
    path: path === undefined ? undefined : normalizeTarget(path),
    method: method?.toUpperCase(),
    userAgent: userAgent?.toLowerCase(),
    ...(requestClass === undefined ? {} : { class: requestClass }),
    ...answerOf(status ?? config.no_wake_status, body ?? config.no_wake_body, headers ?? config.no_wake_headers),
  }));
}

function answerOf(
  status: number,
  body: string | undefined,
  headers: readonly string[],
): Pick<NoWakeMatcher, 'status' | 'answer'> {
  // What is no error has no problem to describe.
  if (status >= 400 && body === undefined && headers.length === 0) return { status };
  const pairs = headers.map((header) => header.split(/: (.*)/, 2) as [string, string]);
  return { status, answer: { body, headers: Object.fromEntries(pairs) } };
}

function toFallback({ address, after, on }: Config['fallback']): Fallback | undefined {
  const [host, port] = address?.split(':') ?? [];
  if (host === undefined || port === undefined) return undefined;
  return { host, port: Number(port), afterMs: after, on };
}

/**
 * The backends of a valid configuration, in its order, the plugin-level fields copied into each.
 *
 * @param source which plugin configuration it is
 */
export function toBackends(config: Config, source: string): Backend[] {
  const probe: ProbeSettings = {
    timeoutMs: probeTimeoutMs(config),
    statuses: config.probe.statuses,
    grpc: config.probe.grpc,
    host: config.probe.host,
    url: config.probe.url,
  };
  const policy: Policy = {
    intervalMs: config.interval,
    holdTimeoutMs: holdTimeoutMs(config),
    maxHeld: config.max_held,
    leaseMs: config.lease,
    settleMs: config.probe.settle,
    successes: config.probe.successes,
    messageTtlMs: config.message_ttl * 1000,
    requestsPerMessage: config.requests_per_message,
    maxMessageRate: config.max_message_rate,
    leastHoldMs: config.min_hold_timeout,
    maxWakesPerHour: config.max_wakes ?? Infinity,
    maxFailedWakes: config.max_failed_wakes ?? Infinity,
  };
  const noWake = noWakeMatchers(config);
  const backendOf = (entry: BackendEntry, prefix: string): Backend => ({
    key: keyOf(entry, prefix, config.probe),
    source,
    target: readablePath(prefix),
    prefix,
    healthPath: healthPathOf(entry, config.probe.grpc),
    pubsub: entry.pubsub,
    topic: entry.topic,
    service: entry.service === undefined ? undefined : serviceNamed(entry.service),
    wakesWith: entry.wakes_with.map(({ pubsub = entry.pubsub, topic }) => ({ pubsub, topic })),
    probe,
    policy,
    noWake,
    onTimeout: config.on_timeout,
    waitingPage: toWaitingPage(entry.waiting_page),
    maintenance: config.maintenance,
    fallback: toFallback(config.fallback),
    releaseRate: config.release_rate,
    respondAsync: config.respond_async,
  });
  return config.backend.map((entry) => backendOf(entry, normalizeTarget(entry.target)));
}
