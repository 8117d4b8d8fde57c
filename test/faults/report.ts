import { LIMITS, type Verdict, WRONG } from './judge';
import type { Sample } from './soak';

type Counts = Readonly<Partial<Record<Verdict, number>>>;

/** What a run came to. */
export interface Figures {
  readonly gateway: string;
  readonly seed?: number;
  readonly minutes: number;
  readonly episodes: number;
  /** Episodes in which something was wrong. */
  readonly wrong: number;
  readonly verdicts: Counts;
  /** The same for the episodes in which a fault was made. */
  readonly byFault: Readonly<Record<string, { readonly episodes: number; readonly verdicts: Counts }>>;
}

const sum = (counts: Counts, verdicts: readonly Verdict[]): number =>
  verdicts.reduce((total, verdict) => total + (counts[verdict] ?? 0), 0);

const row = (name: string, episodes: number, counts: Counts): string => {
  const limits = LIMITS.filter((limit) => (counts[limit] ?? 0) > 0).map((limit) => `${limit} ${counts[limit] ?? 0}`);
  const cells = [
    ...[episodes, sum(counts, ['answered']), sum(counts, ['rejected']), sum(counts, ['left'])].map((n) =>
      n.toLocaleString('en'),
    ),
    limits.length === 0 ? '–' : limits.join(', '),
    String(sum(counts, WRONG)),
  ];
  return `| ${name} | ${cells.join(' | ')} |`;
};

/** The table of a run: faults, and what each request got in the episodes that had them. */
export function faultsTable({ gateway, seed, minutes, episodes, verdicts, byFault }: Figures): string {
  const total = Object.values(verdicts).reduce((all, one) => all + one, 0);
  return [
    `${gateway}, seed ${seed ?? 'fixed'}: ${episodes} episodes in ${minutes} minutes, ${total.toLocaleString('en')} requests.`,
    '',
    '| Fault | episodes | answered | rejected | left | limits | wrong |',
    '|---|--:|--:|--:|--:|---|--:|',
    row('**all**', episodes, verdicts),
    ...Object.entries(byFault)
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([name, one]) => row(name, one.episodes, one.verdicts)),
  ].join('\n');
}

/** The table and the chart of a soak. */
export function soakTable(samples: readonly Sample[]): string {
  const rows = samples.map(
    (one) =>
      `| ${one.phase} | ${Math.round(one.done * 100)} % | ${one.rssMb} | ${one.descriptors} | ${one.connections} | ${one.instances} | ${one.events} | ${one.backends} |`,
  );
  return [
    '```mermaid',
    'xychart-beta',
    '  title "Memory of the plugin server, MB"',
    `  x-axis "warm, rejected, cold starts" 1 --> ${samples.length}`,
    `  y-axis 0 --> ${Math.ceil(Math.max(...samples.map(({ rssMb }) => rssMb)) / 50) * 50}`,
    `  line [${samples.map(({ rssMb }) => rssMb).join(', ')}]`,
    '```',
    '',
    '| phase | done | memory, MB | descriptors | connections | instances | events | backends |',
    '|---|--:|--:|--:|--:|--:|--:|--:|',
    ...rows,
  ].join('\n');
}

/** How a mutant was found, or not. */
export interface Hunt {
  readonly name: string;
  readonly found: boolean;
  readonly episodes: number;
  readonly seconds: number;
  /** The verdicts that showed it. */
  readonly as: ReadonlySet<string>;
}

export function mutantsTable(hunts: readonly Hunt[]): string {
  const rows = hunts.map(({ name, found, episodes, seconds, as }) =>
    [name, found ? [...as].filter((one) => one !== 'Kong’s log').join(', ') : '**not found**', episodes, seconds].join(
      ' | ',
    ),
  );
  return [
    '| A product that | is found as | episodes | seconds |',
    '|---|---|--:|--:|',
    ...rows.map((one) => `| ${one} |`),
  ].join('\n');
}
