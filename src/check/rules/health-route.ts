import { fieldOf } from '../../manifests/plugins';
import { routes } from '../../manifests/routes';
import { probePath } from '../../manifests/set';
import type { Rule } from '../rule';

export const healthRoute: Rule = {
  id: 'health-route',
  severity: 'error',
  title: 'The gateway routes the health path to the backend',
  why: 'The probe goes through the gateway: a path that it does not route is answered 404 by Kong itself, and the probe never passes.',
  fix: 'Let the Ingress or HTTPRoute route target + health, or probe the backend directly with probe.url.',
  *check(set) {
    for (const backend of set.backends) {
      const path = probePath(backend);
      const own = set.routesOf(backend);
      if (path === undefined || own.length === 0) continue;
      const at = fieldOf(backend, 'health');
      if (!set.routes.some((route) => routes(route, path))) {
        yield { at, message: `No Ingress and no HTTPRoute routes "${path}".` };
        continue;
      }
      const names = own.map(({ service }) => service?.name);
      const stranger = set
        .probedRoutes(backend)
        .find(({ service }) => service !== undefined && !names.includes(service.name));
      if (stranger === undefined) continue;
      const message = `"${path}" is routed to Service "${stranger.service?.name ?? ''}", which is not the backend's.`;
      yield { at, message };
    }
  },
};
