import { KUBERNETES } from '../../manifests/host-defaults';
import type { Rule } from '../rule';

export const gracePeriod: Rule = {
  id: 'grace-period',
  severity: 'warning',
  title: 'A gateway that is stopped outlives the requests that it holds',
  why: 'Kubernetes kills a pod at the end of its grace period: requests still held then are cut off without an answer.',
  fix: "Write a terminationGracePeriodSeconds above the longest hold deadline in the chart's values.",
  *check(set) {
    const holds = set.backends.map(({ settings }) => settings?.policy.holdTimeoutMs ?? 0);
    const longestMs = Math.max(0, ...holds);
    const layered = set.gateways.some((gateway) => gateway.gracePeriodMs !== undefined);
    for (const { gracePeriodMs = layered ? Infinity : KUBERNETES.gracePeriodMs, gracePeriodPlace } of set.gateways) {
      if (longestMs === 0 || gracePeriodMs > longestMs) continue;
      const message = `The gateway has ${gracePeriodMs / 1000} s to stop, and may hold a request for ${longestMs / 1000} s.`;
      yield { at: gracePeriodPlace, message };
    }
  },
};
