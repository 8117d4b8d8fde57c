import { fieldOf } from '../../manifests/plugins';
import { admitsHost } from '../../manifests/routes';
import { probePath, unique } from '../../manifests/set';
import type { Rule } from '../rule';

export const probeHost: Rule = {
  id: 'probe-host',
  severity: 'error',
  title: 'The probe reaches the backend under its host',
  why:
    'A probe carries probe.host, or else the Host of the request that is waiting. Under a host that the Ingress does not know it is ' +
    'answered 404; where hosts lead to different Services, a probe of one releases the requests for the other.',
  fix: "Write a host of the Ingress's rules as probe.host; give each host that has a Service of its own a KongPlugin of its own.",
  *check(set) {
    for (const backend of set.backends) {
      if (probePath(backend) === undefined || backend.settings === undefined) continue;
      const own = set.routesOf(backend).filter((route) => route.pathType !== 'unknown');
      const { host } = backend.settings.probe;
      const hosts = unique(own.map((route) => `"${route.host ?? '*'}"`));
      if (host !== undefined && own.length > 0 && !own.some((route) => admitsHost(route.host, host))) {
        const at = backend.use.manifest.place(...backend.use.path, 'config', 'probe', 'host');
        yield { at, message: `No rule of the Ingress admits "${host}"; its hosts: ${hosts.join(', ')}.` };
      }
      const services = unique(own.map(({ namespace, service }) => `${namespace}/${service?.name ?? ''}`));
      if (host === undefined && hosts.length > 1 && services.length > 1) {
        const message = `The hosts ${hosts.join(', ')} lead to different Services, and are one backend here.`;
        yield { at: fieldOf(backend, 'target'), message };
      }
    }
  },
};
