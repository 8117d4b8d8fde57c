import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { Manifest } from './manifest';
import type { Path } from './path';
import { CLOUDFORMATION, HELM_VALUES, KONG_CONFIGURATION, RABBITMQ_DEFINITIONS } from './kinds';
import { cloudFormationTags } from './cloudformation';
import { entries, isRecord, items, text } from './value';

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
  readonly message: string;
}

export interface Loaded {
  readonly manifests: readonly Manifest[];
  readonly errors: readonly ReadError[];
}

/** All objects of a file: several documents, Lists, and definitions embedded in ConfigMaps. Never throws on bad text. */
export function load(source: SourceText, lineOffset = 0): Loaded {
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
  for (const document of Array.isArray(parsed) ? parsed : []) {
    const [error] = document.errors;
    if (error !== undefined) {
      errors.push({ file: source.file, line: lines.linePos(error.pos[0]).line + lineOffset, message: error.message });
      continue;
    }
    const root = toPlain(document);
    if (root instanceof Error) errors.push({ file: source.file, line: 1 + lineOffset, message: root.message });
    else manifests.push(...objects({ ...source, document, lines, lineOffset }, root));
  }
  const embedded = manifests.flatMap((manifest) => loadEmbedded(source, manifest));
  return {
    manifests: [...manifests, ...embedded.flatMap((loaded) => loaded.manifests)],
    errors: [...errors, ...embedded.flatMap((loaded) => loaded.errors)],
  };
}

/** Throws on an alias without an anchor, and on a bomb of nested aliases. */
function toPlain(document: Document): unknown {
  try {
    return document.toJS();
  } catch (error) {
    return error;
  }
}

function objects(
  source: SourceText & { document: Document; lines: LineCounter; lineOffset: number },
  root: unknown,
  prefix: Path = [],
): Manifest[] {
  const here = prefix.length === 0 ? root : items((root as { items: unknown }).items)[Number(prefix[1])];
  if (!isRecord(here)) return [];
  const kind = text(here.kind);
  if (kind?.endsWith('List') === true && Array.isArray(here.items) && prefix.length === 0) {
    return items(here.items).flatMap((_, index) => objects(source, root, ['items', index]));
  }
  const named = kind === undefined ? shapeOf(here) : undefined;
  if (kind === undefined && named === undefined) return [];
  return [
    new Manifest(
      source,
      prefix,
      { ...(named === undefined ? {} : { kind: named }), namespace: source.namespace },
      root,
    ),
  ];
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
      return [load({ ...source, text: body }, offset)];
    }),
  );
}
