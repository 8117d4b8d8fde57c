import type { Field } from './field';

/** ConfigMaps by name, each with its `data`. */
export type ConfigMaps = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** The process that stands for a container. An image cannot run without a container runtime, so `sample/backend` takes its place. */
export interface ProcessSpec {
  /** Arguments of `dist/backend.js`; `pages` is followed by a folder with `files` in it. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Path below the document root -> content. */
  readonly files: ReadonlyMap<string, string>;
}

/** Where the nginx image has its pages. */
const NGINX_ROOT = '/usr/share/nginx/html';

/**
 * The rule, by image:
 * - `nginx…`: the `pages` application with the ConfigMaps that are mounted below nginx's document root; mounts below `/etc/nginx`
 *   configure nginx itself and are passed over.
 * - `…kong-serverless-sample…`: the application itself, with the container's `args` and environment.
 */
export function processOf(container: Field, volumes: Field, configMaps: ConfigMaps): ProcessSpec {
  const image = container.get('image');
  const name = image.string().split('/').pop()?.split(/[:@]/)[0] ?? '';
  const env = environmentOf(container, configMaps);
  if (name === 'nginx' || name.startsWith('nginx-')) {
    return { args: ['pages'], env, files: filesOf(container.get('volumeMounts'), volumes, configMaps) };
  }
  if (name !== 'kong-serverless-sample') image.fail('the demo has no process for this image');
  const args = container
    .get('args')
    .items()
    .map((argument) => argument.string());
  return { args, env, files: new Map() };
}

function environmentOf(container: Field, configMaps: ConfigMaps): Record<string, string> {
  const env: Record<string, string> = {};
  for (const from of container.get('envFrom').items()) {
    Object.assign(env, configMap(from.only('configMapRef').get('configMapRef').get('name'), configMaps));
  }
  for (const variable of container.get('env').items()) {
    variable.only('name', 'value');
    env[variable.get('name').string()] = variable.get('value').string();
  }
  return env;
}

function filesOf(mounts: Field, volumes: Field, configMaps: ConfigMaps): Map<string, string> {
  const files = new Map<string, string>();
  for (const mount of mounts.items()) {
    mount.only('name', 'mountPath', 'subPath', 'readOnly');
    const volume = volumes.items().find((candidate) => candidate.get('name').value === mount.get('name').value);
    if (volume === undefined) return mount.get('name').fail('no such volume');
    volume.only('name', 'configMap', 'emptyDir');
    const path = mount.get('mountPath').string();
    if (path.startsWith('/etc/nginx') || !volume.get('emptyDir').isAbsent()) continue;
    if (!path.startsWith(NGINX_ROOT)) mount.get('mountPath').fail(`the demo serves only what lies below ${NGINX_ROOT}`);
    const below = path.slice(NGINX_ROOT.length).replace(/^\//, '');
    const subPath = mount.get('subPath');
    for (const [file, content] of volumeFiles(volume.get('configMap'), configMaps)) {
      if (subPath.isAbsent()) files.set(below === '' ? file : `${below}/${file}`, content);
      else if (file === subPath.string()) files.set(below, content);
    }
  }
  return files;
}

/** The files of a ConfigMap volume: all of its keys, or those that `items` name. */
function volumeFiles(source: Field, configMaps: ConfigMaps): [string, string][] {
  const data = configMap(source.only('name', 'items').get('name'), configMaps);
  if (source.get('items').isAbsent()) return Object.entries(data);
  return source
    .get('items')
    .items()
    .map((item) => {
      const key = item.get('key').string();
      const content = data[key];
      if (content === undefined) return item.get('key').fail('the ConfigMap has no such key');
      return [item.get('path').string(), content];
    });
}

function configMap(name: Field, configMaps: ConfigMaps): Readonly<Record<string, string>> {
  return configMaps.get(name.string()) ?? name.fail('no such ConfigMap');
}
