import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { KUBERNETES } from '../../src/manifests/host-defaults';
import { readDocuments } from '../../src/manifests/load';
import type { Manifest } from '../../src/manifests/manifest';
import { documentField, ManifestError } from './field';
import { list, record, required, string, withoutMeaning } from './shape';

/** What a Kustomization may say without changing the resources that it names. */
const KUSTOMIZATION = record({
  resources: list(required(string)),
  namespace: string,
  ...withoutMeaning('apiVersion', 'kind', 'metadata'),
});

/**
 * All documents of some files and folders, in order. A folder with a kustomization.yaml stands for the resources which that names;
 * any other folder for all the YAML files in it. Throws ManifestError.
 */
export function loadDocuments(root: string, paths: readonly string[]): Manifest[] {
  return paths.flatMap((path) => loadPath(root, join(root, path), KUBERNETES.namespace));
}

/** @param namespace of objects that name none */
function loadPath(root: string, path: string, namespace: string): Manifest[] {
  if (!existsSync(path)) throw new ManifestError(`${relative(root, path)}: no such file or folder`);
  if (!statSync(path).isDirectory()) return loadFile(root, path, namespace);
  const kustomization = join(path, 'kustomization.yaml');
  if (!existsSync(kustomization)) {
    const files = readdirSync(path).filter((file) => /\.ya?ml$/.test(file));
    return files.sort().flatMap((file) => loadPath(root, join(path, file), namespace));
  }
  return loadFile(root, kustomization).flatMap((document) => {
    const body = documentField(document);
    KUSTOMIZATION(body);
    const own = body.get('namespace');
    const resources = body.get('resources').items();
    return resources.flatMap((resource) =>
      loadPath(root, join(path, resource.string()), own.isAbsent() ? namespace : own.string()),
    );
  });
}

/** The documents of one file. */
export function loadFile(root: string, path: string, namespace: string = KUBERNETES.namespace): Manifest[] {
  const file = relative(root, path);
  const source = { file, text: readFileSync(path, 'utf8'), namespace };
  const { manifests, errors } = readDocuments(source);
  const [error] = errors;
  if (error === undefined) return [...manifests];
  throw new ManifestError(`${file}: document ${error.document}: ${error.message} (line ${error.line})`);
}
