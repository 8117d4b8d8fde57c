import type { Backend } from '../core/backend';
import type { ColdStart } from '../core/ports';
import type { ProbeReport, PublishReport } from '../core/reports';
import type { State } from '../core/state';

/** `asleep`: Kubernetes shows no pod. `idle`: nothing is known, for nobody asks. */
export type BackendState = 'asleep' | State['kind'];

/** What becomes of a backend, as `/status` shows it. */
export interface ActivatorStatus {
  readonly target: string;
  readonly pubsub: string;
  readonly topic: string;
  readonly state: BackendState;
  readonly held: number;
  readonly maxHeld: number;
  /** Of pods that run or start; undefined: not known. */
  readonly addresses: readonly string[] | undefined;
  /** Of pods that passed a probe at their own address. */
  readonly openAddresses: readonly string[];
  /** How long it is known to have had no pod; undefined where nobody knows. Seconds. */
  readonly asleepSeconds: number | undefined;
  readonly lastProbe: ProbeReport | undefined;
  readonly lastPublish: PublishReport | undefined;
  /** The newest last. */
  readonly coldStarts: readonly ColdStart[];
}

interface Facts extends Pick<ActivatorStatus, 'held' | 'lastProbe' | 'lastPublish' | 'coldStarts'> {
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

export function activatorStatus(facts: Facts): ActivatorStatus {
  const { backend, held, lanes, pods, lastProbe, lastPublish, coldStarts } = facts;
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
