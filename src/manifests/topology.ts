import type { Topology } from './broker-objects';
import { cloudFormationTopology } from './cloudformation';
import type { Manifest } from './manifest';
import { rabbitmqTopology } from './rabbitmq-objects';

/** Queues, exchanges and bindings of RabbitMQ definitions and of the topology operator's resources, and the SQS queues of CloudFormation templates. */
export function topologyOf(manifests: readonly Manifest[]): Topology {
  const found = [rabbitmqTopology(manifests), ...manifests.map(cloudFormationTopology)];
  return {
    queues: found.flatMap(({ queues }) => queues),
    exchanges: found.flatMap(({ exchanges }) => exchanges),
    bindings: found.flatMap(({ bindings }) => bindings),
  };
}
