import { componentMutations } from './component';
import { gatewayMutations } from './gateway-values';
import { ingressMutations } from './ingress';
import { pluginMutations } from './kong-plugin';
import { pushMutations } from './push';
import { sampleMutations } from './sample';
import { scaledObjectMutations } from './scaled-object';
import { topologyMutations } from './topology';
import type { Mutation } from './sets';

/** Every way in which the tests break this repository's manifests. */
export const mutations: readonly Mutation[] = [
  ...pluginMutations,
  ...ingressMutations,
  ...componentMutations,
  ...scaledObjectMutations,
  ...pushMutations,
  ...sampleMutations,
  ...gatewayMutations,
  ...topologyMutations,
];
