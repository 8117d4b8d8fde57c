import type { Place } from '../manifests/manifest';
import type { ManifestSet } from '../manifests/set';

/** Errors fail the run (exit 1); warnings do not. */
export type Severity = 'error' | 'warning';

/** What a rule found at one place. */
export interface Problem {
  readonly at: Place;
  /** What is wrong here, with the names and numbers of these very files. Never a secret. */
  readonly message: string;
  /** What to do here; without it the rule's own `fix` is shown. */
  readonly fix?: string;
  /** Where it differs from the rule's own. */
  readonly severity?: Severity;
}

/** One thing that must hold. Its broken example stands beside it, in `<id>.broken.yaml`. */
export interface Rule {
  /** The file's name; users see it in findings and give it to `--skip`. */
  readonly id: string;
  readonly severity: Severity;
  /** What must hold, one line. */
  readonly title: string;
  /** What happens to requests, pods or the bill when it does not. */
  readonly why: string;
  readonly fix: string;
  check(set: ManifestSet): Iterable<Problem>;
}

/** A problem with all that a reader needs, detached from the documents. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly document: {
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly label: string;
  };
  readonly field: string;
  readonly message: string;
  readonly why: string;
  readonly fix: string;
}
