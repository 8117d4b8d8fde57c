import type { Rule } from '../rule';

export const queueLength: Rule = {
  id: 'queue-length',
  severity: 'warning',
  title: 'The RabbitMQ trigger says mode and value',
  why: 'queueLength is deprecated: a KEDA that no longer reads it refuses the ScaledObject, or counts 20 messages per replica.',
  fix: 'Write mode: QueueLength and value: with the number that stands in queueLength.',
  *check(set) {
    for (const trigger of set.scaledObjects.flatMap(({ triggers }) => triggers)) {
      if (trigger.type !== 'rabbitmq' || trigger.metadata('queueLength') === undefined) continue;
      yield { at: trigger.metadataPlace('queueLength'), message: 'The trigger uses queueLength.' };
    }
  },
};
