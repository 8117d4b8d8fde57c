import { fieldOf } from '../../manifests/plugins';
import { wakeUpPaths } from '../../manifests/queues';
import type { Rule } from '../rule';

export const sharedQueue: Rule = {
  id: 'shared-queue',
  severity: 'warning',
  title: 'Each backend has a queue of its own',
  why: 'Backends that share a queue wake and sleep together: a request for one starts them all.',
  fix: 'Give each backend a topic and a queue of its own, unless they are meant to run together.',
  *check(set) {
    const users = new Map<string, { target: string; deployment: string }>();
    for (const { backend, component, queue, scaledObject } of wakeUpPaths(set)) {
      const deployment = `${scaledObject.namespace}/${scaledObject.target.name}`;
      const key = `${component.broker ?? ''} ${component.name} ${queue.name}`;
      const first = users.get(key);
      if (first === undefined) users.set(key, { target: backend.target, deployment });
      else if (first.deployment !== deployment) {
        const message = `"${backend.target}" and "${first.target}" share queue "${queue.name}".`;
        yield { at: fieldOf(backend, 'topic'), message };
      }
    }
  },
};
