import type { Manifest, Place as ManifestPlace } from '../../src/manifests/manifest';
import { formatPath, type Path } from '../../src/manifests/path';

/** A manifest that the demo cannot honour: says in which file, document and field, and why. */
export class ManifestError extends Error {}

/** Where a document stands: `manifests/base/ingress.yaml`, `Ingress kong/serverless`. */
export interface Place {
  readonly file: string;
  readonly document: string;
}

/**
 * A value in a manifest, read strictly: what is not as it must be is a ManifestError that names file, document and field. What
 * src/manifests reads, it reads leniently, as `check` has to survive any document; the demo refuses what it would misread.
 */
export class Field {
  constructor(
    readonly value: unknown,
    readonly place: Place,
    readonly path: Path = [],
  ) {}

  /** The field below this one; its value is undefined when absent. */
  get(name: string): Field {
    return new Field(this.isAbsent() ? undefined : this.record()[name], this.place, [...this.path, name]);
  }

  isAbsent(): boolean {
    return this.value === undefined || this.value === null;
  }

  /** Throws ManifestError with this field's whereabouts. */
  fail(problem: string): never {
    const field = this.path.length === 0 ? '' : `, ${formatPath(this.path)}`;
    throw new ManifestError(`${this.place.file}: ${this.place.document}${field}: ${problem}`);
  }

  string(): string {
    if (typeof this.value !== 'string') this.fail(`expected a string, got ${show(this.value)}`);
    return this.value;
  }

  /** A whole number; a string that is one counts too, as KEDA's metadata has only strings. */
  integer(): number {
    const value = typeof this.value === 'string' && /^-?\d+$/.test(this.value) ? Number(this.value) : this.value;
    if (typeof value !== 'number' || !Number.isInteger(value)) this.fail(`expected a number, got ${show(this.value)}`);
    return value;
  }

  /** A map's fields by name; an absent map has none. */
  record(): Readonly<Record<string, unknown>> {
    if (this.isAbsent()) return {};
    if (typeof this.value !== 'object' || Array.isArray(this.value))
      this.fail(`expected a map, got ${show(this.value)}`);
    return this.value as Record<string, unknown>;
  }

  /** The items of a list; an absent list has none. */
  items(): Field[] {
    if (this.isAbsent()) return [];
    if (!Array.isArray(this.value)) this.fail(`expected a list, got ${show(this.value)}`);
    return this.value.map((item, index) => new Field(item, this.place, [...this.path, index]));
  }

  /** Complains about each field that is neither honoured nor known to mean nothing on one machine. */
  only(...names: readonly string[]): this {
    const unknown = Object.keys(this.record()).find((name) => !names.includes(name));
    if (unknown !== undefined) this.get(unknown).fail('the demo cannot honour this field');
    return this;
  }
}

/** A document as a field that has no name. */
export function documentField(manifest: Manifest): Field {
  const document = manifest.kind === '' ? `line ${manifest.lineOf([])}` : manifest.label;
  return new Field(manifest.value, { file: manifest.file, document });
}

/** A field of a document. */
export function fieldAt({ manifest, path }: ManifestPlace): Field {
  return new Field(manifest.get(...path), documentField(manifest).place, path);
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
