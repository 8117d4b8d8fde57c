import type { parseConfig } from '../config/parse';
import type { ConfigProblem } from '../config/problems';
import { healthPathOf } from '../config/target';
import type { Backend } from '../core/backend';
import { isRecord } from '../core/types';
import { KONG_CONFIGURATION } from './kinds';
import type { Manifest, Place } from './manifest';
import type { Path } from './path';
import { entries, isTrue, items, text } from './value';

/** A plugin configured for Kong: a KongPlugin, a KongClusterPlugin, or an entry of Kong's declarative configuration. */
export interface PluginUse {
  readonly manifest: Manifest;
  /** Path of the object that holds `plugin`/`name` and `config`. */
  readonly path: Path;
  /** Name of the resource, by which annotations refer to it. */
  readonly resource: string;
  /** Name of the plugin itself: `serverless`, `key-auth`, … */
  readonly plugin: string;
  /** Undefined: a KongClusterPlugin, which every namespace may name. */
  readonly namespace: string | undefined;
  /** It runs on every route. */
  readonly everywhere: boolean;
  readonly config: unknown;
}

/** A use of our plugin, read. */
export interface ServerlessPlugin extends PluginUse {
  readonly backends: readonly BackendView[];
  /** What our own validator says; fields as it names them. */
  readonly problems: readonly ConfigProblem[];
}

/** One backend of a plugin, readable also when the rest of its configuration is wrong. */
export interface BackendView {
  readonly use: PluginUse;
  /** Path of the backend in its document. */
  readonly path: Path;
  readonly target: string;
  readonly health: string;
  /** `target` and `health` together; undefined where nothing is probed. */
  readonly healthPath: string | undefined;
  readonly pubsub: string;
  readonly topic: string;
  /** Present when the whole configuration is valid. */
  readonly settings: Backend | undefined;
}

/** The validator of the plugin's configuration. */
export type ParseConfig = typeof parseConfig;

/** A place below a backend: `place(backend, 'topic')`. */
export function fieldOf(backend: BackendView, ...path: Path): Place {
  return backend.use.manifest.place(...backend.path, ...path);
}

/** All uses of all plugins in the documents. */
export function pluginUsesOf(manifests: readonly Manifest[]): PluginUse[] {
  return manifests.flatMap((manifest) => {
    if (manifest.kind === 'KongPlugin' || manifest.kind === 'KongClusterPlugin') return [readResource(manifest)];
    return manifest.kind === KONG_CONFIGURATION ? declaredPlugins(manifest) : [];
  });
}

function readResource(manifest: Manifest): PluginUse {
  const clusterWide = manifest.kind === 'KongClusterPlugin';
  return {
    manifest,
    path: [],
    resource: manifest.name,
    plugin: text(manifest.get('plugin')) ?? '',
    namespace: clusterWide ? undefined : manifest.namespace,
    everywhere: clusterWide && isTrue(manifest.get('metadata', 'labels', 'global')),
    config: manifest.get('config'),
  };
}

/**
 * Plugins of Kong's declarative configuration. One that is nested in a service or route is named by its own path, which
 * `declaredRoutes` puts on the routes it runs on.
 */
function declaredPlugins(manifest: Manifest): PluginUse[] {
  return [...find(manifest.value, [])].map(({ path, value }) => ({
    manifest,
    path,
    resource: resourceName(path),
    plugin: text(value.name) ?? '',
    namespace: manifest.namespace,
    everywhere: path.length === 2 && value.route === undefined && value.service === undefined,
    config: value.config,
  }));
}

/** How the routes of a declarative configuration name a plugin of the same file. */
export function resourceName(path: Path): string {
  return path.join('/');
}

function* find(value: unknown, path: Path): Generator<{ path: Path; value: Readonly<Record<string, unknown>> }> {
  for (const [key, child] of entries(value)) {
    for (const [index, item] of items(child).entries()) {
      if (!isRecord(item)) continue;
      const here = [...path, key, index];
      if (key === 'plugins') yield { path: here, value: item };
      else if (key === 'services' || key === 'routes') yield* find(item, here);
    }
  }
}

function asksGrpc(config: unknown): boolean {
  return isRecord(config) && isRecord(config.probe) && config.probe.grpc === true;
}

/** Reads one use of our plugin with our own validator. */
export function readServerless(use: PluginUse, parseConfig: ParseConfig): ServerlessPlugin {
  const parsed = parseConfig(use.config);
  const backends = items(isRecord(use.config) ? use.config.backend : undefined).map((raw, index): BackendView => {
    const field = (name: string): string => (isRecord(raw) ? (text(raw[name]) ?? '') : '');
    const [target, health] = [field('target'), field('health')];
    return {
      use,
      path: [...use.path, 'config', 'backend', index],
      target,
      health,
      healthPath: healthPathOf({ target, health }, asksGrpc(use.config)),
      pubsub: field('pubsub'),
      topic: field('topic'),
      settings: parsed.ok ? parsed.backends[index] : undefined,
    };
  });
  // A configuration in a Secret is not among the files.
  const elsewhere = use.config === undefined && use.manifest.get('configFrom') !== undefined;
  return { ...use, backends, problems: parsed.ok || elsewhere ? [] : parsed.problems };
}
