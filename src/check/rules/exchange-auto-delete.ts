import { unique } from '../../manifests/set';
import type { Rule } from '../rule';

export const exchangeAutoDelete: Rule = {
  id: 'exchange-auto-delete',
  severity: 'error',
  title: 'Dapr declares the RabbitMQ exchange as one that stays',
  // D4.
  why:
    'From Dapr 1.11 an exchange is declared as auto-delete unless told otherwise. Against the existing durable exchange every ' +
    'publish fails after 5 s with 406 PRECONDITION_FAILED, and closes the channel that all topics share.',
  fix: 'Add the metadata item {name: deletedWhenUnused, value: "false"}.',
  *check(set) {
    for (const component of unique(set.backends.flatMap((backend) => set.componentsOf(backend)))) {
      if (component.broker !== 'rabbitmq') continue;
      const item = component.metadata('deletedWhenUnused');
      if (item === undefined) {
        yield { at: component.metadataPlace('deletedWhenUnused'), message: 'deletedWhenUnused is missing.' };
      } else if (item.value !== undefined && item.value.toLowerCase() !== 'false') {
        yield { at: item.place, message: `deletedWhenUnused is "${item.value}".`, fix: 'Write "false".' };
      }
    }
  },
};
