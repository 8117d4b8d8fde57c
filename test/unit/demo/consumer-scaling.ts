import type { Scaling } from '../../../demo/manifests/scaled-object';

/** As the consumer's ScaledObject, with the HPA's default behaviour. */
export const consumerScaling: Scaling = {
  name: 'consumer-scaledobject',
  target: 'consumer',
  pollingIntervalMs: 1000,
  cooldownMs: 10_000,
  min: 0,
  max: 3,
  queue: 'serverless',
  push: undefined,
  value: 10,
  activation: 0,
  scaleUp: {
    windowMs: 0,
    select: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodMs: 15_000 },
      { type: 'Percent', value: 100, periodMs: 15_000 },
    ],
  },
  scaleDown: { windowMs: 300_000, select: 'Max', policies: [{ type: 'Percent', value: 100, periodMs: 15_000 }] },
};
