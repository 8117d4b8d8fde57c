/** A manifest that the stack cannot honour: says in which file, document and field, and why. */
export class ManifestError extends Error {}

/** Where a document stands: `manifests/base/ingress.yaml`, `Ingress kong/serverless`. */
export interface Place {
  readonly file: string;
  readonly document: string;
}

/** A value in a manifest that knows where it stands, so that every complaint can name file, document and field. */
export class Field {
  constructor(
    readonly value: unknown,
    readonly place: Place,
    readonly path = '',
  ) {}

  /** The field below this one; its value is undefined when absent. */
  get(name: string): Field {
    const path = this.path === '' ? name : `${this.path}.${name}`;
    return new Field(this.isAbsent() ? undefined : this.record()[name], this.place, path);
  }

  isAbsent(): boolean {
    return this.value === undefined || this.value === null;
  }

  /** Throws ManifestError with this field's whereabouts. */
  fail(problem: string): never {
    const field = this.path === '' ? '' : `, ${this.path}`;
    throw new ManifestError(`${this.place.file}: ${this.place.document}${field}: ${problem}`);
  }

  string(): string {
    if (typeof this.value !== 'string') this.fail(`expected a string, got ${show(this.value)}`);
    return this.value;
  }

  stringOr(fallback: string): string {
    return this.isAbsent() ? fallback : this.string();
  }

  /** A whole number; a string that is one counts too, as KEDA's metadata has only strings. */
  integer(): number {
    const value = typeof this.value === 'string' && /^-?\d+$/.test(this.value) ? Number(this.value) : this.value;
    if (typeof value !== 'number' || !Number.isInteger(value)) this.fail(`expected a number, got ${show(this.value)}`);
    return value;
  }

  integerOr(fallback: number): number {
    return this.isAbsent() ? fallback : this.integer();
  }

  /** A map's fields by name; an absent map has none. */
  record(): Readonly<Record<string, unknown>> {
    if (this.isAbsent()) return {};
    if (typeof this.value !== 'object' || Array.isArray(this.value))
      this.fail(`expected a map, got ${show(this.value)}`);
    return this.value as Record<string, unknown>;
  }

  /** A map of strings. */
  strings(): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.keys(this.record()).map((name) => [name, this.get(name).string()]));
  }

  /** The items of a list; an absent list has none. */
  items(): Field[] {
    if (this.isAbsent()) return [];
    if (!Array.isArray(this.value)) this.fail(`expected a list, got ${show(this.value)}`);
    return this.value.map((item, index) => new Field(item, this.place, `${this.path}[${index}]`));
  }

  /** The only item of a list that the stack cannot take more of. */
  single(): Field {
    const [only, second] = this.items();
    if (only === undefined) return this.fail('expected one item, got none');
    second?.fail('the demo takes one item here');
    return only;
  }

  /** Complains about each field that is neither honoured nor known to mean nothing on one machine. */
  only(...names: readonly string[]): this {
    const unknown = Object.keys(this.record()).find((name) => !names.includes(name));
    if (unknown !== undefined) this.get(unknown).fail('the demo cannot honour this field');
    return this;
  }
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
