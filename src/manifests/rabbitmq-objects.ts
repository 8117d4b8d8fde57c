import { CLOUDFORMATION, RABBITMQ_DEFINITIONS } from './kinds';
import type { Manifest, Place } from './manifest';
import type { Path } from './path';
import { isTrue, items, numeric, text } from './value';
import { cloudFormationTopology } from './cloudformation';
import type { Broker } from './components';

/** A queue, subscription or topic as a file declares it to its broker. */
export interface Queue {
  readonly broker: Broker;
  readonly name: string;
  readonly place: Place;
  /** How long a message stays at most; undefined: for ever, or for longer than a backend may stay up. */
  readonly ttlMs: number | undefined;
  readonly ttlPlace: Place;
}

export interface Exchange {
  readonly name: string;
  readonly place: Place;
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
}

/** A route from an exchange (RabbitMQ) or topic (SNS, Pub/Sub) to a queue. */
export interface Binding {
  readonly broker: Broker;
  readonly source: string;
  readonly destination: string;
  readonly place: Place;
}

/** What the documents declare to brokers. */
export interface Topology {
  readonly queues: readonly Queue[];
  readonly exchanges: readonly Exchange[];
  readonly bindings: readonly Binding[];
}

/** Queues, exchanges and bindings of RabbitMQ definitions and of the topology operator's resources, and the SQS queues of CloudFormation templates. */
export function topologyOf(manifests: readonly Manifest[]): Topology {
  const found = { queues: [] as Queue[], exchanges: [] as Exchange[], bindings: [] as Binding[] };
  const policies = manifests.flatMap(policiesOf);
  for (const manifest of manifests) {
    if (manifest.kind === RABBITMQ_DEFINITIONS) {
      const each = (field: string): Path[] => items(manifest.get(field)).map((_, index) => [field, index]);
      found.queues.push(...each('queues').map((at) => rabbitQueue(manifest, at, policies)));
      found.exchanges.push(...each('exchanges').map((at) => exchange(manifest, at, 'auto_delete')));
      found.bindings.push(
        ...each('bindings')
          .filter((at) => (text(manifest.get(...at, 'destination_type')) ?? 'queue') === 'queue')
          .map((at) => binding(manifest, at)),
      );
    } else if (manifest.kind === CLOUDFORMATION) {
      const { queues, bindings } = cloudFormationTopology(manifest);
      found.queues.push(...queues);
      found.bindings.push(...bindings);
    } else if (manifest.apiVersion.startsWith('rabbitmq.com/')) {
      if (manifest.kind === 'Queue') found.queues.push(rabbitQueue(manifest, ['spec'], policies));
      if (manifest.kind === 'Exchange') found.exchanges.push(exchange(manifest, ['spec'], 'autoDelete'));
      if (manifest.kind === 'Binding') found.bindings.push(binding(manifest, ['spec']));
    }
  }
  return found;
}

interface Policy {
  readonly pattern: RegExp;
  readonly ttlMs: number;
}

/** Policies that give queues a TTL. A pattern that JavaScript cannot read is left out. */
function policiesOf(manifest: Manifest): Policy[] {
  const at: Path[] =
    manifest.kind === RABBITMQ_DEFINITIONS
      ? items(manifest.get('policies')).map((_, index) => ['policies', index])
      : manifest.kind === 'Policy' && manifest.apiVersion.startsWith('rabbitmq.com/')
        ? [['spec']]
        : [];
  return at.flatMap((path) => {
    const ttlMs = numeric(manifest.get(...path, 'definition', 'message-ttl'));
    const appliesTo = text(manifest.get(...path, 'apply-to') ?? manifest.get(...path, 'applyTo')) ?? 'all';
    if (ttlMs === undefined || appliesTo === 'exchanges') return [];
    try {
      return [{ pattern: new RegExp(text(manifest.get(...path, 'pattern')) ?? ''), ttlMs }];
    } catch {
      return [];
    }
  });
}

function rabbitQueue(manifest: Manifest, at: Path, policies: readonly Policy[]): Queue {
  const name = text(manifest.get(...at, 'name')) ?? manifest.name;
  const argument = numeric(manifest.get(...at, 'arguments', 'x-message-ttl'));
  const byPolicy = policies.filter(({ pattern }) => pattern.test(name)).map(({ ttlMs }) => ttlMs);
  const ttls = argument === undefined ? byPolicy : [argument, ...byPolicy];
  return {
    broker: 'rabbitmq',
    name,
    place: manifest.place(...at, 'name'),
    ttlMs: ttls.length === 0 ? undefined : Math.min(...ttls),
    ttlPlace: manifest.place(...at, 'arguments', 'x-message-ttl'),
  };
}

function exchange(manifest: Manifest, at: Path, autoDelete: string): Exchange {
  return {
    name: text(manifest.get(...at, 'name')) ?? manifest.name,
    place: manifest.place(...at),
    type: text(manifest.get(...at, 'type')) ?? 'direct',
    durable: isTrue(manifest.get(...at, 'durable')),
    autoDelete: isTrue(manifest.get(...at, autoDelete)),
  };
}

function binding(manifest: Manifest, at: Path): Binding {
  return {
    broker: 'rabbitmq',
    source: text(manifest.get(...at, 'source')) ?? '',
    destination: text(manifest.get(...at, 'destination')) ?? '',
    place: manifest.place(...at, 'source'),
  };
}

/** Whether any file declares queues of this broker: only then can a missing one be told. */
export function declares(topology: Topology, broker: Broker): boolean {
  return topology.queues.some((queue) => queue.broker === broker);
}
