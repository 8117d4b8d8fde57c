import { unique } from '../../manifests/set';
import { text } from '../../manifests/value';
import type { Rule } from '../rule';

export const oneScaledObject: Rule = {
  id: 'one-scaled-object',
  severity: 'error',
  title: 'One ScaledObject, and nothing else, scales a Deployment',
  why: "KEDA's webhook refuses the second ScaledObject; a HorizontalPodAutoscaler of your own fights KEDA's for the replicas.",
  fix: 'Put all triggers in one ScaledObject, and remove the other.',
  *check(set) {
    const targets = new Map<string, { name: string; manifest: (typeof set.manifests)[number] }[]>();
    const claims = [
      ...set.scaledObjects.map(({ target, manifest }) => ({ ...target, manifest })),
      ...set.manifests
        .filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
        .map((manifest) => ({
          kind: text(manifest.get('spec', 'scaleTargetRef', 'kind')) ?? '',
          name: text(manifest.get('spec', 'scaleTargetRef', 'name')) ?? '',
          manifest,
        })),
    ];
    for (const { kind, name, manifest } of claims) {
      const key = `${kind} ${manifest.namespace}/${name}`;
      targets.set(key, [...(targets.get(key) ?? []), { name, manifest }]);
    }
    for (const [target, owners] of targets) {
      // The same object in several files is one per broker, of which one is applied.
      if (unique(owners.map(({ manifest }) => manifest.label)).length < 2) continue;
      const [first, ...others] = owners;
      for (const { manifest } of others) {
        if (first === undefined || manifest.label === first.manifest.label) continue;
        const message = `${target} is scaled by ${first.manifest.label} (${first.manifest.file}) already.`;
        yield { at: manifest.place('spec', 'scaleTargetRef', 'name'), message };
      }
    }
  },
};
