import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { isRecord } from '../core/types';
import type { SourceText } from './load';
import { items, text } from './value';

/** A path given by the user that cannot be read: a usage error, unlike a file whose text is wrong. */
export class UnreadablePathError extends Error {}

const MANIFEST = /\.(ya?ml|json)$/i;
const KUSTOMIZATION = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** What a kustomization says about the files beside it. */
interface Kustomization {
  /** Absolute paths of files that are pieces of objects: to judge one alone would only find what the rest supplies. */
  readonly fragments: ReadonlySet<string>;
  readonly namespace: string | undefined;
}

/**
 * Reads the files that the user named and those in the folders that the user named.
 * In a folder it leaves out what is no object of its own: hidden files, node_modules, a chart's templates and values (render
 * the chart and check that), kustomization files and the patches they name.
 */
export function readSources(paths: readonly string[], stdin: () => string, namespace: string): SourceText[] {
  return paths.flatMap((path) => {
    if (path === '-') return [{ file: '<stdin>', text: stdin(), namespace }];
    try {
      return statSync(path).isDirectory()
        ? readFolder(path, namespace, new Set())
        : [{ file: path, text: readFileSync(path, 'utf8'), namespace }];
    } catch (error) {
      throw new UnreadablePathError(`cannot read ${path}: ${(error as Error).message}`);
    }
  });
}

function readFolder(folder: string, namespace: string, inherited: ReadonlySet<string>): SourceText[] {
  const found = readdirSync(folder, { withFileTypes: true }).sort((a, b) => a.name.localeCompare(b.name, 'en'));
  const names = new Set(found.map(({ name }) => name));
  const kustomization = readKustomization(folder, names);
  const fragments = new Set([...inherited, ...kustomization.fragments]);
  const inChart = names.has('Chart.yaml');
  return found.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.') || entry.name === 'node_modules' || fragments.has(resolve(path))) return [];
    if (entry.isDirectory()) return inChart && entry.name === 'templates' ? [] : readFolder(path, namespace, fragments);
    if (!entry.isFile() || !MANIFEST.test(entry.name) || KUSTOMIZATION.includes(entry.name)) return [];
    if (inChart && /^(Chart|values)\b/.test(entry.name)) return [];
    return [{ file: path, text: readFileSync(path, 'utf8'), namespace: kustomization.namespace ?? namespace }];
  });
}

function readKustomization(folder: string, names: ReadonlySet<string>): Kustomization {
  const file = KUSTOMIZATION.find((name) => names.has(name));
  const content = file === undefined ? undefined : parseQuietly(readFileSync(join(folder, file), 'utf8'));
  if (!isRecord(content)) return { fragments: new Set(), namespace: undefined };
  const patches = [...items(content.patches), ...items(content.patchesJson6902), ...items(content.replacements)];
  const named = [
    ...patches.map((patch) => (isRecord(patch) ? text(patch.path) : undefined)),
    ...['patchesStrategicMerge', 'transformers', 'configurations'].flatMap((key) => items(content[key]).map(text)),
  ];
  const files = named.filter((path) => path !== undefined).map((path) => resolve(folder, path));
  return { fragments: new Set(files), namespace: text(content.namespace) };
}

/** A kustomization that is no YAML is kustomize's to report. */
function parseQuietly(content: string): unknown {
  try {
    return parse(content, { logLevel: 'silent' });
  } catch {
    return undefined;
  }
}
