import { items, text } from '../../manifests/value';
import type { Rule } from '../rule';

export const ingressClass: Rule = {
  id: 'ingress-class',
  severity: 'error',
  title: 'The Ingress or HTTPRoute is given to Kong',
  why: "Kong's ingress controller leaves an Ingress without its class, or an HTTPRoute without a Gateway, alone: the path is not routed at all.",
  fix: "Write spec.ingressClassName: kong; in an HTTPRoute, the name of Kong's Gateway in spec.parentRefs.",
  *check(set) {
    for (const { manifest } of set.backends.flatMap((backend) => set.carriers(backend))) {
      const annotation = manifest.get('metadata', 'annotations', 'kubernetes.io/ingress.class');
      const named = text(manifest.get('spec', 'ingressClassName')) ?? text(annotation);
      if (manifest.kind === 'HTTPRoute' && items(manifest.get('spec', 'parentRefs')).length === 0) {
        yield { at: manifest.place('spec'), message: 'The HTTPRoute names no Gateway.' };
      }
      if (manifest.kind !== 'Ingress' || named !== undefined) continue;
      yield { at: manifest.place('spec'), message: 'The Ingress names no class.' };
    }
  },
};
