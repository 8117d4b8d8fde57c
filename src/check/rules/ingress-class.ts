import { text } from '../../manifests/value';
import type { Rule } from '../rule';

export const ingressClass: Rule = {
  id: 'ingress-class',
  severity: 'error',
  title: 'The Ingress is given to Kong',
  why: "Kong's ingress controller leaves an Ingress without its class alone: the path is not routed at all.",
  fix: 'Write spec.ingressClassName: kong.',
  *check(set) {
    for (const { manifest } of set.backends.flatMap((backend) => set.carriers(backend))) {
      const annotation = manifest.get('metadata', 'annotations', 'kubernetes.io/ingress.class');
      const named = text(manifest.get('spec', 'ingressClassName')) ?? text(annotation);
      if (manifest.kind !== 'Ingress' || named !== undefined) continue;
      yield { at: manifest.place('spec'), message: 'The Ingress names no class.' };
    }
  },
};
