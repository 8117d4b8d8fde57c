import { rabbitmqSettings } from '../../manifests/components';
import { DAPR } from '../../manifests/host-defaults';
import { unique } from '../../manifests/set';
import type { Rule } from '../rule';

export const reconnectWait: Rule = {
  id: 'reconnect-wait',
  severity: 'warning',
  title: 'Dapr reconnects to RabbitMQ within a second',
  // D2.
  why:
    'Dapr reconnects to a broker that went away only inside a publish, after this wait: until then the wake-ups of a sleeping ' +
    'backend fail although the broker is back.',
  fix: 'Set the metadata item {name: reconnectWaitSeconds, value: "1"}.',
  *check(set) {
    for (const component of unique(set.backends.flatMap((backend) => set.componentsOf(backend)))) {
      if (component.broker !== 'rabbitmq') continue;
      const { reconnectWaitSeconds } = rabbitmqSettings(component);
      if (reconnectWaitSeconds < DAPR.rabbitmq.reconnectWaitSeconds) continue;
      const message = `A publish that finds the broker gone waits ${reconnectWaitSeconds} s before it reconnects, twice.`;
      yield { at: component.metadataPlace('reconnectWaitSeconds'), message };
    }
  },
};
