import type { Backend } from '../core/backend';
import type { State } from '../core/state';
import type { BackendState, BackendStatus } from '../core/status';

interface Facts extends Pick<BackendStatus, 'held' | 'lastProbe' | 'lastPublish' | 'lastRejection' | 'coldStarts'> {
  readonly backend: Backend;
  readonly state: State;
  readonly now: number;
  readonly lanes: { readonly isOpen: boolean; readonly open: readonly string[] };
  readonly pods: {
    readonly asleep: boolean;
    readonly asleepMs: number | undefined;
    readonly all: readonly { readonly address: string }[] | undefined;
  };
}

export function backendStatus(facts: Facts): BackendStatus {
  const { backend, held, lanes, pods, lastProbe, lastPublish, lastRejection, coldStarts } = facts;
  const { target, pubsub, topic, policy } = backend;
  return {
    target,
    pubsub,
    topic,
    state: stateOf(facts),
    held,
    maxHeld: policy.maxHeld,
    addresses: pods.all?.map(({ address }) => address),
    openAddresses: lanes.open,
    asleepSeconds: pods.asleepMs === undefined ? undefined : Math.round(pods.asleepMs) / 1000,
    lastProbe,
    lastPublish,
    lastRejection,
    coldStarts,
  };
}

function stateOf({ state, now, held, lanes, pods }: Facts): BackendState {
  if (lanes.isOpen) return 'ready';
  // While nobody asks, a lease that ran out is not renewed, and a wake-up is only remembered: then nothing is known.
  const over = state.kind === 'waking' || (state.kind === 'ready' && now >= state.leaseUntil);
  if (held > 0 || !(over || state.kind === 'idle')) return state.kind;
  return pods.asleep ? 'asleep' : 'idle';
}
