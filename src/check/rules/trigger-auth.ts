import { closesPush } from '../../manifests/push-ways';
import type { Rule } from '../rule';

export const triggerAuth: Rule = {
  id: 'trigger-auth',
  severity: 'error',
  title: 'A trigger can sign in to its broker',
  why: 'A ScaledObject whose trigger cannot read the queue is never Ready: KEDA starts nothing.',
  fix: 'Name a TriggerAuthentication of the same namespace in authenticationRef, or a ClusterTriggerAuthentication with its kind.',
  *check(set) {
    const declared = set.manifests.filter(({ kind }) => /^(Cluster)?TriggerAuthentication$/.test(kind));
    for (const scaledObject of set.scaledObjects) {
      const { manifest, triggers } = scaledObject;
      for (const { type, authentication, place, metadataNames } of triggers) {
        const host = metadataNames.some((name) => name.startsWith('host'));
        if (authentication === undefined && type === 'rabbitmq' && !host) {
          const missing = 'The trigger says neither host nor hostFromEnv nor authenticationRef.';
          yield { at: place, message: `${missing}${closesPush(scaledObject)}` };
        }
        if (authentication === undefined || declared.length === 0) continue;
        const found = declared.some(
          ({ kind, name, namespace }) =>
            name === authentication && (kind.startsWith('Cluster') || namespace === manifest.namespace),
        );
        if (found) continue;
        const names = declared.map(({ label }) => label).join(', ');
        yield {
          at: manifest.place(...place.path, 'authenticationRef', 'name'),
          message: `There is no TriggerAuthentication "${manifest.namespace}/${authentication}"; there is ${names}.${closesPush(scaledObject)}`,
        };
      }
    }
  },
};
