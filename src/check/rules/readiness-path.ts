import { fieldOf } from '../../manifests/plugins';
import { backendPath } from '../../manifests/routes';
import { unique } from '../../manifests/set';
import { CONTAINERS } from '../../manifests/workloads';
import type { Rule } from '../rule';

const withoutQuery = (path: string): string => path.replace(/\?.*$/, '');

export const readinessPath: Rule = {
  id: 'readiness-path',
  severity: 'warning',
  title: "The health path is that of the Deployment's readiness probe",
  why:
    'The gateway routes to a pod when Kubernetes calls it Ready, and the plugin releases requests when its own probe passes. Two ' +
    'different paths may disagree: requests are released too early, or held for longer than needed.',
  fix: 'Let readinessProbe.httpGet.path be the path that the backend sees when the plugin probes it.',
  *check(set) {
    for (const backend of set.backends) {
      const { healthPath } = backend;
      if (healthPath === undefined) continue;
      const direct = backend.settings?.probe.url;
      const seen = unique(
        direct === undefined
          ? set.routesOf(backend).map((route) => backendPath(route, healthPath))
          : [new URL(direct).pathname],
      ).map(withoutQuery);
      for (const { manifest, readiness } of set.workloadsOf(backend)) {
        if (readiness.length === 0) {
          const message = 'It has no readinessProbe: requests are sent to it before it can answer.';
          yield { at: manifest.place(...CONTAINERS, 0), message };
        } else if (!readiness.some(({ path }) => path === undefined || seen.includes(withoutQuery(path)))) {
          const probed = readiness.map(({ path }) => `"${path ?? ''}"`).join(', ');
          const message = `The plugin's probe arrives at ${seen.map((path) => `"${path}"`).join(', ')}; ${manifest.label} is Ready by ${probed}.`;
          yield { at: fieldOf(backend, 'health'), message };
        }
      }
    }
  },
};
