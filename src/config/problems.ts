/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** Where, as a person writes it: `backend[0].target`. */
  readonly field: string;
  /** The value that is there, as JSON, shortened. `(missing)` where there is none. */
  readonly value: string;
  /** What to write instead. */
  readonly message: string;
}

/** Longest quotation of a value, in characters: enough to recognise it, and a 1 MB string does not flood a log. */
const QUOTE_LENGTH = 80;
/** Most lines that `formatProblems` writes. */
const MOST_LINES = 20;

function json(value: unknown): string {
  try {
    const text: unknown = JSON.stringify(value);
    if (typeof text === 'string') return text;
  } catch {
    // A cycle, which YAML aliases can make.
  }
  return '(not JSON)';
}

/** A value as JSON for a message: shortened, and without the password of a URL. */
export function quote(value: unknown): string {
  if (value === undefined) return '(missing)';
  const text = json(value).replace(/\/\/[^/"@]*@/g, '//***@');
  if (text.length <= QUOTE_LENGTH) return text;
  const size = typeof value === 'string' ? ` (${value.length} characters)` : '';
  return `${text.slice(0, QUOTE_LENGTH)}…${size}`;
}

/** All problems as text, one per line. */
export function formatProblems(problems: readonly ConfigProblem[]): string {
  const lines = problems.slice(0, MOST_LINES).map(({ field, value, message }) => `${field}: ${value}: ${message}`);
  if (problems.length > MOST_LINES) lines.push(`and ${problems.length - MOST_LINES} more`);
  return lines.join('\n');
}
