import type { BackendView } from '../../manifests/plugins';
import { PUSH, serviceAddress, servicesAt, targetPortOf } from '../../manifests/push-scalers';
import type { Trigger } from '../../manifests/scaled-objects';
import type { ManifestSet } from '../../manifests/set';
import { portOf, selects } from '../../manifests/services';
import type { Problem, Rule } from '../rule';

export const pushTrigger: Rule = {
  id: 'push-trigger',
  severity: 'error',
  title: 'A push trigger asks for what the backend publishes',
  why: 'The scaler tells KEDA about a topic of a component. With another name, or at an address where nobody listens, nothing wakes.',
  fix: "Write pubsub and topic as in the plugin's backend, and the scaler's Service with its gRPC port as scalerAddress.",
  *check(set) {
    for (const backend of set.backends)
      for (const { triggers } of set.scaledObjectsOf(backend))
        for (const trigger of triggers.filter(({ type }) => type === PUSH)) yield* problemsOf(set, backend, trigger);
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
  yield* addressProblems(set, trigger);
}

function* addressProblems(set: ManifestSet, trigger: Trigger): Generator<Problem> {
  const at = trigger.metadataPlace('scalerAddress');
  const written = trigger.metadata('scalerAddress') ?? '';
  const address = serviceAddress(written);
  if (address === undefined) {
    yield { at, message: `scalerAddress is "${written}", which is not name.namespace:port.` };
    return;
  }
  const { name, namespace, port } = address;
  const services = servicesAt(set.services, address);
  if (services.length === 0 && set.pushScalers.length > 0)
    yield { at, message: `There is no Service "${namespace}/${name}" among the files.`, severity: 'warning' };
  for (const service of services) {
    const found = portOf(service, port);
    if (found === undefined) {
      yield { at, message: `${service.manifest.label} has no port ${port}.` };
      continue;
    }
    for (const { workload, grpcPort } of set.pushScalers.filter((scaler) => selects(service, scaler.workload))) {
      const target = targetPortOf(found, workload);
      if (target !== undefined && target !== grpcPort)
        yield { at, message: `Port ${port} leads to ${target} of ${workload.manifest.label}; gRPC is at ${grpcPort}.` };
    }
  }
}
