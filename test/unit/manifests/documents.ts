import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDocuments } from '../../../src/manifests/load';

export const root = join(__dirname, '../../..');

/** One YAML document of the repository. */
export interface ManifestDocument {
  /** From the top of the repository, with the document's number where there are several. */
  readonly place: string;
  readonly file: string;
  readonly object: KubernetesObject;
}

/** What every Kubernetes object has; the rest is looked up where a test needs it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Record<string, string>;
  };
  readonly [field: string]: unknown;
}

/** YAML that is no Kubernetes object, and what it is. A file that is in no list fails the tests. */
const others: readonly (readonly [RegExp, string])[] = [
  [/^kong\/values[^/]*\.yaml$/, "values of Kong's Helm chart"],
  [/^charts\/[^/]+\/(Chart|values|ci\/[^/]+)\.yaml$/, 'a Helm chart'],
  [/^charts\/[^/]+\/templates\//, 'templates of a Helm chart'],
  [/^manifests\/brokers\/snssqs\/topology\.yaml$/, 'an AWS CloudFormation template'],
];

/** Reads documents from text. Throws on YAML that is wrong, and on a key that is there twice. */
export function parseDocuments(text: string, file: string): readonly ManifestDocument[] {
  const { manifests: read, errors } = readDocuments({ file, text, namespace: 'default' });
  if (errors.length > 0) throw new Error(`${file}: ${errors.map(({ message }) => message).join('; ')}`);
  return read.map(({ value }, at) => ({
    place: read.length === 1 ? file : `${file}#${at + 1}`,
    file,
    object: value as KubernetesObject,
  }));
}

/** The one document of a file that is no Kubernetes object, such as values of a Helm chart. */
export function fileContent(file: string): unknown {
  const [document, ...more] = parseDocuments(readFileSync(join(root, file), 'utf8'), file);
  if (document === undefined || more.length > 0) throw new Error(`${file} has not one document`);
  return document.object;
}

/** Every YAML file of the folders that are applied to a cluster, and what it holds. */
export function repositoryFiles(): readonly string[] {
  return ['manifests', 'keda', 'kong', 'sample', 'charts']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
    )
    .filter((file) => file.endsWith('.yaml'))
    .sort();
}

/** Files that hold Kubernetes objects. */
export function manifestFiles(): readonly string[] {
  return repositoryFiles().filter((file) => !others.some(([pattern]) => pattern.test(file)));
}

/** Every Kubernetes object of the repository, kustomizations left out. */
export function manifests(): readonly ManifestDocument[] {
  return manifestFiles()
    .filter((file) => !file.endsWith('kustomization.yaml'))
    .flatMap((file) => parseDocuments(readFileSync(join(root, file), 'utf8'), file));
}

/** The one object of a kind and a name in a file. Throws when it is not there. */
export function objectIn(file: string, kind: string, name: string): KubernetesObject {
  const found = parseDocuments(readFileSync(join(root, file), 'utf8'), file).find(
    ({ object }) => object.kind === kind && object.metadata.name === name,
  );
  if (found === undefined) throw new Error(`${file} has no ${kind} ${name}`);
  return found.object;
}
