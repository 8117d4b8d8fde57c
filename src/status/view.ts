import type { BackendState, KnownBackend } from '../core/status';
import type { ProbeReport, PublishReport } from '../core/reports';

/** Words for people. The symbol says the same without colour. */
export const STATES: Readonly<Record<BackendState, { readonly symbol: string; readonly words: string }>> = {
  asleep: { symbol: '○', words: 'asleep' },
  idle: { symbol: '·', words: 'nobody asks' },
  probing: { symbol: '◔', words: 'asked' },
  waking: { symbol: '◐', words: 'waking' },
  ready: { symbol: '●', words: 'ready' },
};

/** Those that need to be looked at first: with requests held, then those that wake, then by name. */
export function inOrder(backends: readonly KnownBackend[]): readonly KnownBackend[] {
  const weight = ({ held, state }: KnownBackend): number =>
    held > 0 ? 0 : state === 'waking' || state === 'probing' ? 1 : 2;
  return [...backends].sort((a, b) => weight(a) - weight(b) || b.held - a.held || a.target.localeCompare(b.target));
}

/** `850 ms`, `2.4 s`, `3 min`, `5.2 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return `${(ms / 3_600_000).toFixed(1)} h`;
}

/** What the last probe and the last publish said, in few words; '' where neither says anything of note. */
export function trouble({ lastProbe, lastPublish, lastRejection }: KnownBackend): string {
  const parts = [
    lastRejection && `${lastRejection.code} at ${lastRejection.at}`,
    lastPublish && lastPublish.outcome !== 'accepted' && `publish: ${publishWords(lastPublish)}`,
    lastRejection && lastProbe && `probe: ${probeWords(lastProbe)}`,
  ];
  return parts.filter((part): part is string => typeof part === 'string').join('; ');
}

function publishWords({ status, error, message }: PublishReport): string {
  return [status, error, message].filter((word) => word !== undefined).join(' ');
}

function probeWords({ status, grpc, error }: ProbeReport): string {
  return [status, grpc, error].filter((word) => word !== undefined).join(' ');
}
