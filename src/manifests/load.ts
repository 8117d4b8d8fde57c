import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { isRecord } from '../core/types';
import { cloudFormationTags } from './cloudformation';
import { CLOUDFORMATION, HELM_VALUES, KONG_CONFIGURATION, RABBITMQ_DEFINITIONS } from './kinds';
import { Manifest, type Source } from './manifest';
import type { Path } from './path';
import { entries, items, text, valueAt } from './value';

/** A file that was read. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
  /** Namespace of objects in it that name none. */
  readonly namespace: string;
}

/** A place where the text is no YAML or JSON. */
export interface ReadError {
  readonly file: string;
  readonly line: number;
  /** Which document of the file, counted from 1. */
  readonly document: number;
  readonly message: string;
}

export interface Loaded {
  readonly manifests: readonly Manifest[];
  readonly errors: readonly ReadError[];
}

/**
 * The manifests of a file, those that are embedded in ConfigMaps among them; what is of no known shape is left out, because files
 * of all sorts lie beside manifests. Never throws on bad text.
 */
export function load(source: SourceText): Loaded {
  const read = readDocuments(source);
  const known = read.manifests.filter(({ kind }) => kind !== '');
  const embedded = known.flatMap((manifest) => loadEmbedded(source, manifest));
  return {
    manifests: [...known, ...embedded.flatMap(({ manifests }) => manifests)],
    errors: [...read.errors, ...embedded.flatMap(({ errors }) => errors)],
  };
}

/** Everything that a file has: several documents, the objects of Lists; of kind `''` what is of no known shape. Never throws. */
export function readDocuments(source: SourceText, lineOffset = 0): Loaded {
  const lines = new LineCounter();
  const manifests: Manifest[] = [];
  const errors: ReadError[] = [];
  const parsed = parseAllDocuments(source.text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    customTags: cloudFormationTags,
  });
  // An empty stream is not an array of documents but an object with the property `empty`.
  for (const [index, document] of (Array.isArray(parsed) ? parsed : []).entries()) {
    const failed = (line: number, message: string): void => {
      errors.push({ file: source.file, line: line + lineOffset, document: index + 1, message });
    };
    const [error] = document.errors;
    if (error !== undefined) {
      failed(lines.linePos(error.pos[0]).line, error.message);
      continue;
    }
    const root = toPlain(document);
    if (root instanceof Error) failed(1, root.message);
    else manifests.push(...objects({ ...source, document, lines, lineOffset }, root));
  }
  return { manifests, errors };
}

/** Throws on an alias without an anchor, and on a bomb of nested aliases. */
function toPlain(document: Document): unknown {
  try {
    return document.toJS();
  } catch (error) {
    return error;
  }
}

function objects(source: SourceText & Source, root: unknown, prefix: Path = []): Manifest[] {
  const here = valueAt(root, prefix);
  if (here === null || here === undefined) return [];
  const kind = isRecord(here) ? text(here.kind) : undefined;
  if (isRecord(here) && kind?.endsWith('List') === true && Array.isArray(here.items) && prefix.length === 0) {
    return items(here.items).flatMap((_, index) => objects(source, root, ['items', index]));
  }
  const shape = kind === undefined && isRecord(here) ? shapeOf(here) : undefined;
  return [new Manifest(source, prefix, { kind: shape, namespace: source.namespace }, root)];
}

function shapeOf(root: Readonly<Record<string, unknown>>): string | undefined {
  if (root._format_version !== undefined) return KONG_CONFIGURATION;
  if (root.AWSTemplateFormatVersion !== undefined) return CLOUDFORMATION;
  if (Array.isArray(root.queues) && (Array.isArray(root.exchanges) || Array.isArray(root.bindings))) {
    return RABBITMQ_DEFINITIONS;
  }
  // The keys of Kong's chart, of which every values file for a gateway with plugins sets at least one.
  const ofKong = ['ingressController', 'podAnnotations', 'proxy'].some((key) => isRecord(root[key]));
  return ofKong || (isRecord(root.env) && root.env.plugins !== undefined) ? HELM_VALUES : undefined;
}

/** A broker's definitions are often shipped in a ConfigMap or Secret, as a file for the broker to import. */
function loadEmbedded(source: SourceText, manifest: Manifest): Loaded[] {
  if (manifest.kind !== 'ConfigMap' && manifest.kind !== 'Secret') return [];
  return (['data', 'stringData'] as const).flatMap((field) =>
    entries(manifest.get(field)).flatMap(([key, content]) => {
      const body = text(content) ?? '';
      if (!/\.(json|ya?ml)$/.test(key) || !/"?(queues|_format_version)"?\s*:/.test(body)) return [];
      // The text of a block scalar begins on the line after its key, any other on the key's own line.
      const offset = manifest.lineOf([field, key]) - (body.includes('\n') ? 0 : 1);
      const { manifests, errors } = readDocuments({ ...source, text: body }, offset);
      return [{ manifests: manifests.filter(({ kind }) => kind !== ''), errors }];
    }),
  );
}
