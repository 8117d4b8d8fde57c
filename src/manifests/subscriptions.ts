import type { Manifest, Place } from './manifest';
import type { Path } from './path';
import { items, text } from './value';

/** Dapr's declarative Subscription, of either version. */
export interface Subscription {
  readonly manifest: Manifest;
  readonly namespace: string;
  readonly pubsub: string;
  readonly topic: string;
  /** Undefined: every app of the namespace. */
  readonly scopes: readonly string[] | undefined;
  /** Where events are posted to: `route` (v1alpha1), `routes.default` and its rules (v2alpha1). */
  readonly routes: readonly { readonly path: string; readonly place: Place }[];
}

/** The Subscriptions among the documents. */
export function subscriptionsOf(manifests: readonly Manifest[]): Subscription[] {
  return manifests
    .filter(({ kind, apiVersion }) => kind === 'Subscription' && apiVersion.startsWith('dapr.io/'))
    .map((manifest) => {
      const written: readonly Path[] = [
        ['spec', 'route'],
        ['spec', 'routes', 'default'],
        ...items(manifest.get('spec', 'routes', 'rules')).map((_, at): Path => ['spec', 'routes', 'rules', at, 'path']),
      ];
      const scopes = items(manifest.get('scopes')).map((scope) => text(scope) ?? '');
      return {
        manifest,
        namespace: manifest.namespace,
        pubsub: text(manifest.get('spec', 'pubsubname')) ?? '',
        topic: text(manifest.get('spec', 'topic')) ?? '',
        scopes: scopes.length === 0 ? undefined : scopes,
        routes: written.flatMap((path) => {
          const found = text(manifest.get(...path));
          return found === undefined ? [] : [{ path: found, place: manifest.place(...path) }];
        }),
      };
    });
}
