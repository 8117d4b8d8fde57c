import { type Document, type LineCounter, isAlias, isMap, isScalar, isSeq } from 'yaml';
import { isRecord } from '../core/types';
import type { Path } from './path';
import { text, valueAt } from './value';

/** A field of a document, present or not: what a finding points at. */
export interface Place {
  readonly manifest: Manifest;
  readonly path: Path;
}

/** Where a document stands in a file. */
export interface Source {
  /** As the user named it, or as the walk found it; `<stdin>` for standard input. */
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
  /** Lines before the first line of `document` when it is embedded in another one, as in a ConfigMap. */
  readonly lineOffset: number;
}

export interface Identity {
  /** Names a document that has no kind of its own: `Helm values`, `RabbitMQ definitions`. Undefined: it has one, or none is known. */
  readonly kind: string | undefined;
  /** Taken when the document names no namespace. */
  readonly namespace: string;
}

/** One Kubernetes object, or one file of a shape that is known, with the lines of its fields. */
export class Manifest {
  readonly apiVersion: string;
  /** Empty where the document has none and is of no known shape. */
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly value: unknown;
  readonly #source: Source;
  readonly #prefix: Path;

  /** @param prefix path of this object in its YAML document: `['items', 3]` in a List */
  constructor(source: Source, prefix: Path, identity: Identity, root: unknown) {
    this.#source = source;
    this.#prefix = prefix;
    this.value = valueAt(root, prefix);
    this.apiVersion = text(this.get('apiVersion')) ?? '';
    this.kind = identity.kind ?? text(this.get('kind')) ?? '';
    this.name = text(this.get('metadata', 'name')) ?? '';
    this.namespace = text(this.get('metadata', 'namespace')) ?? identity.namespace;
  }

  get file(): string {
    return this.#source.file;
  }

  /** The value of a field; undefined where any step of the path is missing. */
  get(...path: Path): unknown {
    return valueAt(this.value, path);
  }

  place(...path: Path): Place {
    return { manifest: this, path };
  }

  /** Line of a field, counted from 1; of its nearest ancestor that exists when the field is missing. */
  lineOf(path: Path): number {
    const { document, lines, lineOffset } = this.#source;
    let node: unknown = document.contents;
    let offset = rangeStart(node) ?? 0;
    for (const step of [...this.#prefix, ...path]) {
      if (isAlias(node)) node = node.resolve(document);
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) : undefined) === String(step));
        if (pair === undefined) break;
        // The key, not the value: the value of a nested field begins a line later.
        offset = rangeStart(pair.key) ?? offset;
        node = pair.value;
      } else if (isSeq(node)) {
        const item = node.items[Number(step)];
        if (item === undefined) break;
        offset = rangeStart(item) ?? offset;
        node = item;
      } else break;
    }
    return lines.linePos(offset).line + lineOffset;
  }

  /** `KongPlugin kong/serverless`: how findings name the document. */
  get label(): string {
    const named = isRecord(this.value) && this.get('metadata', 'name') !== undefined;
    const name = named ? `${this.namespace}/${this.name}` : this.name;
    return name === '' ? this.kind : `${this.kind} ${name}`;
  }
}

function rangeStart(node: unknown): number | undefined {
  const range = (node as { range?: [number, number, number] | null } | null | undefined)?.range;
  return range?.[0];
}
