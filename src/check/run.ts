import { parseConfig } from '../config/parse';
import { load, type SourceText } from '../manifests/load';
import type { Manifest } from '../manifests/manifest';
import { formatPath } from '../manifests/path';
import { type GatewayFacts, ManifestSet } from '../manifests/set';
import { notChecked } from './not-checked';
import { once } from './once';
import type { Finding } from './rule';
import { rules } from './rules/index';

/** Rule name of a file that is no YAML or JSON. */
export const UNREADABLE = 'unreadable';

/** What one run found. */
export interface Report {
  /** By file and line. */
  readonly findings: readonly Finding[];
  /** What could not be checked because the documents for it are not among the files. */
  readonly notChecked: readonly string[];
  readonly files: number;
  readonly documents: number;
}

export interface CheckOptions extends GatewayFacts {
  /** Rules that are left out, by their names. */
  readonly skip: readonly string[];
}

/** Checks all texts together. */
export function checkSources(sources: readonly SourceText[], options: CheckOptions): Report {
  const loaded = sources.map((source) => load(source));
  const manifests = loaded.flatMap((each) => each.manifests);
  const set = new ManifestSet(manifests, options, parseConfig);
  const unreadable = loaded
    .flatMap((each) => each.errors)
    .map(({ file, line, message }): Finding => ({
      rule: UNREADABLE,
      severity: 'error',
      file,
      line,
      document: { kind: '', namespace: '', name: '', label: '' },
      field: '',
      message: `This is no YAML: ${message}`,
      why: 'kubectl refuses the file as a whole.',
      fix: 'Correct the syntax.',
    }));
  const found = rules.filter(({ id }) => !options.skip.includes(id)).flatMap((rule) => findingsOf(rule, set));
  return {
    findings: [...unreadable, ...found].sort((a, b) => a.file.localeCompare(b.file, 'en') || a.line - b.line),
    notChecked: notChecked(set),
    files: sources.length,
    documents: manifests.length,
  };
}

function findingsOf(rule: (typeof rules)[number], set: ManifestSet): Finding[] {
  return [...once(rule.check(set))].map(({ at: { manifest, path }, message, fix, severity }) => ({
    rule: rule.id,
    severity: severity ?? rule.severity,
    file: manifest.file,
    line: manifest.lineOf(path),
    document: identity(manifest),
    field: formatPath(path),
    message,
    why: rule.why,
    fix: fix ?? rule.fix,
  }));
}

function identity({ kind, namespace, name, label }: Manifest): Finding['document'] {
  return { kind, namespace, name, label };
}
