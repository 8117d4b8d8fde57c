import { fieldOf } from '../../manifests/plugins';
import { unique } from '../../manifests/set';
import type { Rule } from '../rule';

export const targetRoute: Rule = {
  id: 'target-route',
  severity: 'error',
  title: "A backend's target lies under a path of its Ingress",
  why: 'No request that the Ingress routes matches the target, so none is held and none wakes the backend.',
  fix: "Write the Ingress's path, or a longer one, as target.",
  *check(set) {
    for (const backend of set.backends) {
      const carriers = set.carriers(backend);
      if (backend.target === '' || carriers.length === 0 || set.routesOf(backend).length > 0) continue;
      const paths = unique(carriers.map(({ path }) => `"${path}"`)).join(', ');
      yield {
        at: fieldOf(backend, 'target'),
        message: `"${backend.target}" lies under none of the routed paths: ${paths}.`,
      };
    }
  },
};
