import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { messageOf } from '../error-message';
import { Field, ManifestError } from './field';

/** One object of a manifest. */
export interface KubernetesObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly body: Field;
}

/** What a Kustomization may say without changing the resources that it names. */
const KUSTOMIZATION_FIELDS = ['apiVersion', 'kind', 'metadata', 'resources', 'namespace'];

/**
 * All objects of some files and folders, in order. A folder with a kustomization.yaml stands for the resources which that names;
 * any other folder for all the YAML files in it. A `.json` file is RabbitMQ's definitions. Throws ManifestError.
 */
export function loadObjects(root: string, paths: readonly string[]): KubernetesObject[] {
  return paths.flatMap((path) => load(root, join(root, path)));
}

function load(root: string, path: string): KubernetesObject[] {
  const name = relative(root, path);
  if (!existsSync(path)) throw new ManifestError(`${name}: no such file or folder`);
  if (!statSync(path).isDirectory()) return name.endsWith('.json') ? [definitions(path, name)] : documents(path, name);
  const kustomization = join(path, 'kustomization.yaml');
  if (!existsSync(kustomization)) {
    const files = readdirSync(path).filter((file) => /\.ya?ml$/.test(file));
    return files.sort().flatMap((file) => load(root, join(path, file)));
  }
  const body = new Field(parse(kustomization, relative(root, kustomization))[0], {
    file: relative(root, kustomization),
    document: 'Kustomization',
  });
  body.only(...KUSTOMIZATION_FIELDS);
  return body
    .get('resources')
    .items()
    .flatMap((resource) => load(root, join(path, resource.string())));
}

function documents(path: string, file: string): KubernetesObject[] {
  return parse(path, file).map((value, index) => {
    const unnamed = new Field(value, { file, document: `document ${index + 1}` });
    const kind = unnamed.get('kind').string();
    const metadata = unnamed.get('metadata');
    const name = metadata.get('name').string();
    const namespace = metadata.get('namespace').stringOr('default');
    return { kind, namespace, name, body: new Field(value, { file, document: `${kind} ${namespace}/${name}` }) };
  });
}

function parse(path: string, file: string): unknown[] {
  const parsed = parseAllDocuments(readFileSync(path, 'utf8'));
  if (!Array.isArray(parsed)) return [];
  return parsed
    .map((document, index): unknown => {
      const [error] = document.errors;
      if (error !== undefined) throw new ManifestError(`${file}: document ${index + 1}: ${error.message}`);
      return document.toJS() as unknown;
    })
    .filter((value) => value !== null);
}

function definitions(path: string, file: string): KubernetesObject {
  const place = { file, document: 'RabbitMQ definitions' };
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return { kind: 'RabbitMQDefinitions', namespace: '', name: file, body: new Field(value, place) };
  } catch (error) {
    throw new ManifestError(`${file}: ${messageOf(error)}`, { cause: error });
  }
}
