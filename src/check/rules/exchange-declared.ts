import { rabbitmqSettings } from '../../manifests/components';
import { fieldOf } from '../../manifests/plugins';
import type { Rule } from '../rule';

export const exchangeDeclared: Rule = {
  id: 'exchange-declared',
  severity: 'error',
  title: "The topic's RabbitMQ exchange is declared, as Dapr declares it",
  why:
    'Dapr declares the exchange itself when it publishes: one that is missing it creates without a queue, so wake-ups vanish and ' +
    'are still answered 204; one that differs it cannot use, and every publish fails with 406 PRECONDITION_FAILED.',
  fix: 'Declare an exchange named like the topic: durable, not auto-delete, type fanout (or exchangeKind in the Component).',
  *check(set) {
    const { exchanges } = set.topology;
    if (exchanges.length === 0) return;
    for (const backend of set.backends) {
      const component = set.componentsOf(backend).find(({ broker }) => broker === 'rabbitmq');
      if (component === undefined || backend.topic === '') continue;
      const declared = exchanges.filter(({ name }) => name === backend.topic);
      if (declared.length === 0) {
        const names = exchanges.map(({ name }) => `"${name}"`).join(', ');
        yield {
          at: fieldOf(backend, 'topic'),
          message: `No exchange "${backend.topic}" is declared; there is ${names}.`,
        };
      }
      const kind = rabbitmqSettings(component).exchangeKind;
      for (const { name, place, type, durable, autoDelete } of declared) {
        const differs = [
          ...(type === kind ? [] : [`its type is ${type}, Dapr's ${kind}`]),
          ...(durable ? [] : ['it is not durable']),
          ...(autoDelete ? ['it is auto-delete'] : []),
        ];
        if (differs.length > 0)
          yield { at: place, message: `Dapr cannot use exchange "${name}": ${differs.join(', ')}.` };
      }
    }
  },
};
