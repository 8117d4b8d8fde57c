import type { ColdStart } from '../../../src/core/ports';
import type { KnownBackend, Status } from '../../../src/core/status';

export const coldStart = (more: Partial<ColdStart> = {}): ColdStart => ({
  ...{
    at: '2026-01-01T00:00:00.000Z',
    reason: 'no-pod',
    host: 'client',
    traceId: undefined,
    service: undefined,
    held: 3,
    lane: 'address',
  },
  ...{ wakeMs: 12, addressMs: 800, readyMs: 1500, podReadyMs: undefined, probes: 4, messages: 1, ...more },
});

export const backend = (more: Partial<KnownBackend> = {}): KnownBackend => ({
  ...{ key: '["/foo"]', target: '/foo', pubsub: 'kong', topic: 'foo', state: 'ready', held: 0, maxHeld: 100 },
  ...{ addresses: ['10.0.0.1'], openAddresses: [], asleepSeconds: 7200, coldStarts: [coldStart()] },
  ...{ lastProbe: { status: 200 }, lastPublish: { outcome: 'accepted', status: 204 }, lastRejection: undefined },
  ...more,
});

export const status = (backends: readonly KnownBackend[] = [backend()], more: Partial<Status> = {}): Status => ({
  ...{ held: 0, maxHeld: 900, draining: false, kubernetes: { kong: 'watched' }, backends },
  server: {
    ...{ pid: 7, role: 'active', standby: true, draining: false, uptimeSeconds: 60 },
    ...{ socket: '/s', connections: 1, instances: 1, events: 0 },
  },
  ...more,
});
