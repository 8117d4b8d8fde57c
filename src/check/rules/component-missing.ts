import { fieldOf } from '../../manifests/plugins';
import type { Rule } from '../rule';

export const componentMissing: Rule = {
  id: 'component-missing',
  severity: 'error',
  title: "A backend's pubsub names a Dapr Component",
  why: 'Dapr answers every wake-up 404, so the requests for the sleeping backend are refused at once.',
  fix: "Write the Component's metadata.name, or add the Component.",
  *check(set) {
    if (set.components.length === 0) return;
    for (const backend of set.backends) {
      if (backend.pubsub === '' || set.componentsOf(backend).length > 0) continue;
      const names = [...new Set(set.components.map(({ name }) => `"${name}"`))].join(', ');
      yield {
        at: fieldOf(backend, 'pubsub'),
        message: `There is no Component "${backend.pubsub}"; there is ${names}.`,
      };
    }
  },
};
