import { readyAfterMs } from '../../manifests/workloads';
import type { Rule } from '../rule';

export const holdDeadline: Rule = {
  id: 'hold-deadline',
  severity: 'error',
  title: 'A request is held for longer than a start takes',
  why: 'A request whose deadline comes before the backend can be Ready is refused with 503 at every cold start.',
  fix: 'Raise hold_timeout (or count x interval), or lower pollingInterval and the readinessProbe.',
  *check(set) {
    for (const backend of set.backends) {
      const holdMs = backend.settings?.policy.holdTimeoutMs;
      const ready = set.workloadsOf(backend).flatMap((workload) => workload.readiness.map(readyAfterMs));
      if (holdMs === undefined || backend.health === '' || ready.length === 0) continue;
      const polls = set.scaledObjectsOf(backend).map(({ pollingIntervalMs }) => pollingIntervalMs);
      const pollMs = polls.length === 0 ? 0 : Math.max(...polls);
      const earliestMs = Math.max(...ready.map(({ earliest }) => earliest));
      const latestMs = Math.max(...ready.map(({ latest }) => latest)) + pollMs;
      if (holdMs > latestMs) continue;
      const { path, manifest } = backend.use;
      const field = manifest.get(...path, 'config', 'hold_timeout') === undefined ? 'count' : 'hold_timeout';
      const start =
        holdMs <= earliestMs
          ? `the container is Ready after ${earliestMs} ms at the earliest`
          : `KEDA's poll and the readinessProbe alone may take ${latestMs} ms`;
      const severity = holdMs <= earliestMs ? 'error' : 'warning';
      yield {
        at: manifest.place(...path, 'config', field),
        message: `A request is held for ${holdMs} ms; ${start}.`,
        severity,
      };
    }
  },
};
