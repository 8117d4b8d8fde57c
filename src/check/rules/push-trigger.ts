import type { BackendView } from '../../manifests/plugins';
import type { Trigger } from '../../manifests/scaled-objects';
import type { ManifestSet } from '../../manifests/set';
import { portOf } from '../../manifests/services';
import type { Problem, Rule } from '../rule';

/** `name.namespace:port`, with or without what Kubernetes adds to a Service's name. */
const ADDRESS = /^([a-z0-9-]+)\.([a-z0-9-]+)(?:\.svc(?:\..+)?)?:(\d+)$/;

export const pushTrigger: Rule = {
  id: 'push-trigger',
  severity: 'error',
  title: 'A push trigger asks for what the backend publishes',
  why: 'The scaler tells KEDA about a topic of a component. With another name, or at an address where nobody listens, nothing wakes.',
  fix: "Write pubsub and topic as in the plugin's backend, and the scaler's Service with its gRPC port as scalerAddress.",
  *check(set) {
    for (const backend of set.backends)
      for (const { triggers } of set.scaledObjectsOf(backend))
        for (const trigger of triggers.filter(({ type }) => type === 'external-push'))
          yield* problemsOf(set, backend, trigger);
  },
};

function* problemsOf(set: ManifestSet, backend: BackendView, trigger: Trigger): Generator<Problem> {
  for (const name of ['pubsub', 'topic'] as const) {
    const written = trigger.metadata(name);
    if (written === backend[name]) continue;
    const found = written === undefined ? 'is missing' : `is "${written}"`;
    yield {
      at: trigger.metadataPlace(name),
      message: `${name} ${found}; the backend publishes to "${backend[name]}".`,
    };
  }
  const target = trigger.metadata('targetRequests');
  if (target !== undefined && !(Number(target) > 0))
    yield {
      at: trigger.metadataPlace('targetRequests'),
      message: `targetRequests is "${target}", which is no number above 0.`,
    };
  const at = trigger.metadataPlace('scalerAddress');
  const address = trigger.metadata('scalerAddress') ?? '';
  const [, name, namespace, port = ''] = ADDRESS.exec(address) ?? [];
  if (name === undefined) {
    yield { at, message: `scalerAddress is "${address}", which is not name.namespace:port.` };
    return;
  }
  const service = set.services.find((one) => one.manifest.name === name && one.namespace === namespace);
  if (service !== undefined && portOf(service, port) === undefined)
    yield { at, message: `${service.manifest.label} has no port ${port}.` };
}
