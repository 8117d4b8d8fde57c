import type { Backend, Policy, ProbeSettings } from '../../../src/core/backend';

/** Round numbers, so that times can be read in a test. */
export const POLICY: Policy = {
  intervalMs: 100,
  holdTimeoutMs: 30_000,
  maxHeld: 1000,
  leaseMs: 5000,
  settleMs: 1000,
  successes: 1,
  messageTtlMs: 30_000,
  requestsPerMessage: 1,
  maxMessageRate: 10,
  maxWakesPerHour: Infinity,
  maxFailedWakes: Infinity,
};

/** The predecessor's own backend, with what a test changes. */
export function exampleBackend(
  changes: Partial<Omit<Backend, 'policy' | 'probe'>> & {
    policy?: Partial<Policy>;
    probe?: Partial<ProbeSettings>;
  } = {},
): Backend {
  const { policy, probe, ...rest } = changes;
  return {
    key: 'kong',
    source: 'plugin',
    target: '/kong',
    prefix: changes.target ?? '/kong',
    healthPath: '/kong/healthz.html',
    pubsub: 'kong-serverless-plugin',
    topic: 'serverless',
    service: undefined,
    wakesWith: [],
    noWake: [],
    onTimeout: 'reject',
    ...rest,
    probe: { timeoutMs: 1000, statuses: [200], grpc: false, host: undefined, url: undefined, ...probe },
    policy: { ...POLICY, ...policy },
  };
}
