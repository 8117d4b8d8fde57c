import type { Entry } from './ledger';
import type { World } from './world';

/** Everything that is known of a request, for whoever looks for the reason. Times are seconds since the start of its episode. */
export function storyOf(entry: Entry, world: World, startedAt: number): string {
  const at = (moment: number): string => `${((moment - startedAt) / 1000).toFixed(3)} s`;
  const { end } = entry;
  const pod = world.cluster.available(entry.backend).perhaps;
  return [
    `${entry.who} asked for ${entry.path} (${entry.id}, ${entry.how}) at ${at(entry.sentAt)}`,
    ...entry.logged.map(
      (line) => `  the gateway answered ${line.status} at ${at(line.at)}, ${line.upstreamMs ?? 'no'} ms upstream`,
    ),
    ...entry.served.map(
      (one) =>
        `  ${one.backend} had it at ${at(one.at)}, ${one.healthy ? '' : 'not '}healthy, ` +
        (one.completedAt === undefined ? 'and never answered' : `and answered at ${at(one.completedAt)}`),
    ),
    end === undefined
      ? '  it never ended'
      : `  it ended at ${at(end.at)}: ${end.kind} ${end.kind === 'answer' ? `${end.status} ${end.from ?? ''} ${end.body.slice(0, 400)}` : end.kind === 'broken' ? end.why : ''}`,
    `  its backend was available: ${pod
      .since(startedAt)
      .map((change) => `${change.is ? 'from' : 'until'} ${at(change.at)}`)
      .join(', ')}`,
    ...world.incidents
      .filter(({ to }) => to >= startedAt)
      .map(({ kind, from, to }) => `  ${kind} from ${at(from)} to ${at(to)}`),
  ].join('\n');
}
