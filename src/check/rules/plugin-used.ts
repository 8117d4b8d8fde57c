import { annotatedPlugins } from '../model/routes';
import type { Rule } from '../rule';

export const pluginUsed: Rule = {
  id: 'plugin-used',
  severity: 'error',
  title: 'An Ingress or Service names the plugin',
  why: 'A KongPlugin that nothing names does nothing: a request for the sleeping backend fails with 503 at once.',
  fix: 'Annotate the Ingress, in the same namespace, with konghq.com/plugins: and the name of the KongPlugin.',
  *check(set) {
    if (set.routes.length === 0) return;
    for (const plugin of set.plugins) {
      if (plugin.path.length > 0 || set.carriers({ use: plugin }).length > 0) continue;
      const elsewhere = set.manifests.find(
        (manifest) => manifest.namespace !== plugin.namespace && annotatedPlugins(manifest).includes(plugin.resource),
      );
      yield {
        at: plugin.manifest.place('metadata', 'name'),
        message:
          elsewhere === undefined
            ? `No Ingress and no Service of namespace "${plugin.manifest.namespace}" names "${plugin.resource}".`
            : `${elsewhere.label} names it, but sees only plugins of its own namespace.`,
      };
    }
  },
};
