import { unique } from '../../manifests/set';
import type { Rule } from '../rule';

export const streamTrim: Rule = {
  id: 'stream-trim',
  severity: 'warning',
  title: 'A Redis stream is trimmed by age',
  why:
    "A stream keeps its entries until somebody trims it. Nobody consumes the wake-ups, so the stream's length never falls, and KEDA " +
    'never scales the backend back to zero.',
  fix: 'Set the metadata item {name: streamTTL, value: 30s}, and trim the stream also while nothing is published.',
  *check(set) {
    for (const component of unique(set.backends.flatMap((backend) => set.componentsOf(backend)))) {
      if (component.broker !== 'redis' || component.metadata('streamTTL') !== undefined) continue;
      yield { at: component.metadataPlace('streamTTL'), message: 'streamTTL is missing.' };
    }
  },
};
