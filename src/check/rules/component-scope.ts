import { unique } from '../../manifests/set';
import type { Rule } from '../rule';

export const componentScope: Rule = {
  id: 'component-scope',
  severity: 'error',
  title: "The Component's scopes admit the gateway",
  why: 'A sidecar does not load a Component whose scopes leave its app-id out: every wake-up is answered 404.',
  fix: "Add the gateway's app-id (its annotation dapr.io/app-id) to scopes; when it is another one, say so with --app-id.",
  *check(set) {
    for (const { manifest, scopes } of unique(set.backends.flatMap((backend) => set.componentsOf(backend)))) {
      if (scopes === undefined || scopes.includes(set.appId)) continue;
      yield {
        at: manifest.place('scopes'),
        message: `The scopes admit ${scopes.map((scope) => `"${scope}"`).join(', ')}, and not the gateway, "${set.appId}".`,
      };
    }
  },
};
