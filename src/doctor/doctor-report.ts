import type { Diagnosis, Examination } from './diagnosis';

/** What an examination found. */
export interface Finding extends Diagnosis {
  readonly check: string;
  readonly title: string;
  readonly why: string;
}

/** A diagnosis with its examination's words. */
export function asFinding({ id, title, why }: Examination, diagnosis: Diagnosis): Finding {
  return { check: id, title, why, ...diagnosis };
}

const MARKS = { ok: 'ok', warning: 'WARNING', error: 'ERROR', skipped: '-' } as const;
const WIDTH = Math.max(...Object.values(MARKS).map(({ length }) => length));

/** One finding for people; what is wrong also says why it matters and what to do. */
export function formatFinding({ outcome, check, message, why, fix }: Finding): string {
  const line = `${MARKS[outcome].padEnd(WIDTH)}  ${check}: ${message}\n`;
  if (fix === undefined) return line;
  const indent = ' '.repeat(WIDTH + 2);
  return `${line}${indent}Why: ${why}\n${indent}Fix: ${fix}\n`;
}

/** How many findings there are of each outcome. */
export function tally(findings: readonly Finding[]): Record<Finding['outcome'], number> {
  const count = (outcome: Finding['outcome']): number =>
    findings.filter((finding) => finding.outcome === outcome).length;
  return { ok: count('ok'), warning: count('warning'), error: count('error'), skipped: count('skipped') };
}

/** The last line for people. */
export function formatTally(findings: readonly Finding[]): string {
  const { ok, warning, error, skipped } = tally(findings);
  return `\n${ok} in order, ${warning} to look at, ${error} wrong, ${skipped} not looked at.\n`;
}

/** Everything for programs: one JSON object. */
export function formatJson(findings: readonly Finding[]): string {
  return `${JSON.stringify({ findings, summary: tally(findings) }, undefined, 2)}\n`;
}
