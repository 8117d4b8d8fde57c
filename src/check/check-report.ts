import type { Finding } from './rule';
import type { Report } from './run';

/** The report for people. */
export function formatText(report: Report): string {
  const { findings, notChecked, files, documents } = report;
  const { errors, warnings } = totals(findings);
  const gaps = notChecked.length === 0 ? '' : `Not checked:\n${notChecked.map((gap) => `  ${gap}\n`).join('')}\n`;
  const seen = `${count(documents, 'document')} in ${count(files, 'file')}`;
  const verdict =
    findings.length === 0
      ? `${seen}: nothing wrong.`
      : `${seen}: ${count(errors, 'error')}, ${count(warnings, 'warning')}.`;
  return `${findings.map(formatFinding).join('')}${gaps}${verdict}\n`;
}

function formatFinding({ file, line, severity, document, field, message, why, fix, rule }: Finding): string {
  const where = [document.label, field].filter((part) => part !== '').join('  ');
  return (
    `${file}:${line}: ${severity}: ${message} [${rule}]\n` +
    (where === '' ? '' : `  ${where}\n`) +
    `  Why: ${why}\n  Fix: ${fix}\n\n`
  );
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** The report for programs: one JSON object. */
export function formatJson(report: Report): string {
  const { findings, notChecked, files, documents } = report;
  const summary = { files, documents, ...totals(findings) };
  const plain = findings.map(({ document: { kind, namespace, name }, ...rest }) => ({
    ...rest,
    document: { kind, namespace, name },
  }));
  return `${JSON.stringify({ findings: plain, notChecked, summary }, undefined, 2)}\n`;
}

/** How many findings there are of each severity. */
export function totals(findings: readonly Finding[]): { readonly errors: number; readonly warnings: number } {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  return { errors, warnings: findings.length - errors };
}
