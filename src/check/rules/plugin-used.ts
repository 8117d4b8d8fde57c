import { pluginFilters } from '../../manifests/http-routes';
import { annotatedPlugins } from '../../manifests/ingress-routes';
import type { Manifest } from '../../manifests/manifest';
import type { PluginUse } from '../../manifests/plugins';
import { items } from '../../manifests/value';
import type { Rule } from '../rule';

/** Other kinds name plugins as well: a GRPCRoute in a filter, a KongConsumer or any route in the annotation. */
function names(manifest: Manifest, { resource }: PluginUse): boolean {
  if (annotatedPlugins(manifest).includes(resource)) return true;
  return items(manifest.get('spec', 'rules')).some((rule) => pluginFilters(rule).includes(resource));
}

export const pluginUsed: Rule = {
  id: 'plugin-used',
  severity: 'error',
  title: 'An Ingress, HTTPRoute or Service names the plugin',
  why: 'A KongPlugin that nothing names does nothing: a request for the sleeping backend fails with 503 at once.',
  fix:
    'Annotate the Ingress, in the same namespace, with konghq.com/plugins: and the name of the KongPlugin; in an HTTPRoute, a filter ' +
    'of type ExtensionRef does the same for one rule.',
  *check(set) {
    if (set.routes.length === 0) return;
    for (const plugin of set.plugins) {
      if (plugin.path.length > 0 || set.carriers({ use: plugin }).length > 0) continue;
      const naming = set.manifests.filter((manifest) => names(manifest, plugin));
      if (naming.some(({ namespace }) => plugin.namespace === undefined || namespace === plugin.namespace)) continue;
      const [elsewhere] = naming;
      yield {
        at: plugin.manifest.place('metadata', 'name'),
        message:
          elsewhere === undefined
            ? `No Ingress, HTTPRoute or Service of namespace "${plugin.manifest.namespace}" names "${plugin.resource}".`
            : `${elsewhere.label} names it, but sees only plugins of its own namespace.`,
      };
    }
  },
};
