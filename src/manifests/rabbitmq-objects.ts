import type { Binding, Exchange, Queue, Topology } from './broker-objects';
import { RABBITMQ } from './host-defaults';
import { RABBITMQ_DEFINITIONS } from './kinds';
import type { Manifest } from './manifest';
import type { Path } from './path';
import { isTrue, items, numeric, text } from './value';

/** What RabbitMQ's definitions and the resources of its topology operator declare. */
export function rabbitmqTopology(manifests: readonly Manifest[]): Topology {
  const policies = manifests.flatMap(policiesOf);
  const objects = manifests.map((manifest) => objectsOf(manifest, policies));
  return {
    queues: objects.flatMap(({ queues }) => queues),
    exchanges: objects.flatMap(({ exchanges }) => exchanges),
    bindings: objects.flatMap(({ bindings }) => bindings),
  };
}

function objectsOf(manifest: Manifest, policies: readonly Policy[]): Topology {
  if (manifest.kind === RABBITMQ_DEFINITIONS) {
    const each = (field: string): Path[] => items(manifest.get(field)).map((_, index) => [field, index]);
    return {
      queues: each('queues').map((at) => queue(manifest, at, policies)),
      exchanges: each('exchanges').map((at) => exchange(manifest, at, 'auto_delete')),
      bindings: each('bindings')
        .filter((at) => (text(manifest.get(...at, 'destination_type')) ?? RABBITMQ.destinationType) === 'queue')
        .map((at) => binding(manifest, at)),
    };
  }
  const is = (kind: string): boolean => manifest.kind === kind && isOfOperator(manifest);
  return {
    queues: is('Queue') ? [queue(manifest, ['spec'], policies)] : [],
    exchanges: is('Exchange') ? [exchange(manifest, ['spec'], 'autoDelete')] : [],
    bindings: is('Binding') ? [binding(manifest, ['spec'])] : [],
  };
}

function isOfOperator({ apiVersion }: Manifest): boolean {
  return apiVersion.startsWith('rabbitmq.com/');
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
      : manifest.kind === 'Policy' && isOfOperator(manifest)
        ? [['spec']]
        : [];
  return at.flatMap((path) => {
    const ttlMs = numeric(manifest.get(...path, 'definition', 'message-ttl'));
    const appliesTo = text(manifest.get(...path, 'apply-to') ?? manifest.get(...path, 'applyTo'));
    if (ttlMs === undefined || (appliesTo ?? RABBITMQ.policyAppliesTo) === 'exchanges') return [];
    try {
      return [{ pattern: new RegExp(text(manifest.get(...path, 'pattern')) ?? ''), ttlMs }];
    } catch {
      return [];
    }
  });
}

function queue(manifest: Manifest, at: Path, policies: readonly Policy[]): Queue {
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
    type: text(manifest.get(...at, 'type')) ?? RABBITMQ.exchangeType,
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
