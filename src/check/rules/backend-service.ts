import { portOf, selects } from '../../manifests/services';
import type { Rule } from '../rule';

export const backendService: Rule = {
  id: 'backend-service',
  severity: 'error',
  title: "The Ingress leads to the backend's pods",
  why: 'The backend starts and is Ready, and the gateway still has nowhere to send the request: the probe never passes.',
  fix: "Let the Ingress name the Service and a port of it, and the Service's selector the labels of the pods.",
  *check(set) {
    for (const route of set.backends.flatMap((backend) => set.routesOf(backend))) {
      const { service: reference, manifest } = route;
      if (reference === undefined || set.services.length === 0) continue;
      const { name, namespace, port, place } = reference;
      const found = set.servicesOf(route);
      if (found.length === 0) {
        const message = `There is no Service "${namespace}/${name}" among the files.`;
        yield { at: manifest.place(...place.path, 'name'), message, severity: 'warning' };
      }
      for (const service of found) {
        if (port !== undefined && portOf(service, port) === undefined) {
          const ports = service.ports.flatMap((each) => [each.number, each.name]).filter((each) => each !== undefined);
          const message = `Service "${namespace}/${name}" has no port ${port}; it has ${ports.join(', ')}.`;
          yield { at: manifest.place(...place.path, 'port'), message };
        }
        const selected = set.serving.some((workload) => selects(service, workload));
        const selectable = Object.keys(service.selector).length > 0;
        if (selectable && !selected && set.serving.length > 0) {
          const labels = Object.entries(service.selector).map(([label, value]) => `${label}=${value}`);
          const message = `No Deployment of namespace "${namespace}" has pods with ${labels.join(', ')}.`;
          yield { at: service.manifest.place('spec', 'selector'), message, severity: 'warning' };
        }
      }
    }
  },
};
