import { unique } from '../../manifests/set';
import type { Rule } from '../rule';

export const componentNamespace: Rule = {
  id: 'component-namespace',
  severity: 'error',
  title: "The Component is in the gateway's namespace",
  why: "A Dapr sidecar loads the Components of its own pod's namespace only: the gateway's gets 404 for every wake-up.",
  fix: "Set metadata.namespace to the gateway's namespace; when that is another one, say so with --gateway-namespace.",
  *check(set) {
    for (const { manifest, namespace } of unique(set.backends.flatMap((backend) => set.componentsOf(backend)))) {
      if (namespace === set.gateway.namespace) continue;
      yield {
        at: manifest.place('metadata', 'namespace'),
        message: `The Component is in namespace "${namespace}", the gateway in "${set.gateway.namespace}".`,
      };
    }
  },
};
