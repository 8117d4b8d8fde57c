import type { BackendView } from '../../manifests/plugins';
import type { Backend } from '../../core/backend';
import type { Path } from '../../manifests/path';
import type { Problem, Rule } from '../rule';

/** A setting of the backend itself, as the plugin's configuration names it; `hold_timeout`, `max_held` and others belong to a request. */
interface Shared {
  readonly field: Path;
  readonly of: (backend: Backend) => unknown;
}

const SHARED: readonly Shared[] = [
  { field: ['interval'], of: ({ policy }) => policy.intervalMs },
  { field: ['lease'], of: ({ policy }) => policy.leaseMs },
  { field: ['probe', 'timeout'], of: ({ probe }) => probe.timeoutMs },
  { field: ['probe', 'settle'], of: ({ policy }) => policy.settleMs },
  { field: ['probe', 'statuses'], of: ({ probe }) => [...new Set(probe.statuses)].sort((a, b) => a - b) },
  { field: ['probe', 'successes'], of: ({ policy }) => policy.successes },
  { field: ['message_ttl'], of: ({ policy }) => policy.messageTtlMs / 1000 },
  { field: ['requests_per_message'], of: ({ policy }) => policy.requestsPerMessage },
  { field: ['max_message_rate'], of: ({ policy }) => policy.maxMessageRate },
];

function nameOf({ use }: BackendView): string {
  return use.path.length === 0 ? use.manifest.label : `${use.manifest.label} ${use.resource}`;
}

function* differences(first: BackendView, other: BackendView): Generator<Problem> {
  if (first.settings === undefined || other.settings === undefined) return;
  for (const { field, of } of SHARED) {
    const [there, here] = [of(first.settings), of(other.settings)].map((value) => JSON.stringify(value));
    if (there === here) continue;
    const seen = `${field.join('.')} is ${here ?? ''} here and ${there ?? ''} in ${nameOf(first)}`;
    yield {
      at: other.use.manifest.place(...other.use.path, 'config', ...field),
      message: `${seen} (${first.use.manifest.file}), for the same backend "${other.target}".`,
    };
  }
}

export const backendSettings: Rule = {
  id: 'backend-settings',
  severity: 'error',
  title: 'Plugins that name the same backend agree on how it is probed and woken',
  why:
    'A backend has one state and is probed and woken in one way, however many plugins name it: of two that differ the stricter ' +
    'value is taken, and the other is written in vain.',
  fix: 'Write the same value in both plugins. The hold deadline, max_held, on_timeout and no_wake may differ: they belong to a request.',
  *check(set) {
    const firsts = new Map<string, BackendView>();
    for (const backend of set.backends) {
      if (backend.settings === undefined) continue;
      const { key } = backend.settings;
      const first = firsts.get(key);
      if (first === undefined) firsts.set(key, backend);
      // The same plugin in several files is one per broker, of which one is applied.
      else if (nameOf(first) !== nameOf(backend)) yield* differences(first, backend);
    }
  },
};
