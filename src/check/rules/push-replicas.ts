import type { PushScaler } from '../../manifests/push-scalers';
import { serviceAddress, servicesAt } from '../../manifests/push-scalers';
import { isToldDirectly, type PushWay, pushWays } from '../../manifests/push-ways';
import type { ManifestSet } from '../../manifests/set';
import type { Problem, Rule } from '../rule';

/** What Dapr replaces in a Component's metadata by what differs from pod to pod. */
const PER_POD = /\{(podName|uuid)\}/;

export const pushReplicas: Rule = {
  id: 'push-replicas',
  severity: 'error',
  title: 'Each replica of a scaler hears every message',
  why: "KEDA's stream leads to one replica (E9): a message that only another one hears wakes nothing.",
  fix:
    "Behind Dapr write consumerID: '{podName}' in the Component's metadata, and a StatefulSet; where gateways publish to the scaler, " +
    'a headless Service of its pods in SERVERLESS_SCALER_PEERS; or one replica.',
  *check(set) {
    for (const way of pushWays(set)) {
      for (const scaler of way.scalers.filter(({ workload }) => workload.replicas > 1)) {
        if (scaler.sidecar === undefined || isToldDirectly(set, scaler)) yield* ofPeers(set, scaler);
        else yield* ofConsumers(set, way, scaler);
      }
    }
  },
};

function* ofPeers(set: ManifestSet, { peers, envPlace, workload }: PushScaler): Generator<Problem> {
  const { manifest, replicas } = workload;
  if (peers === undefined) {
    yield { at: envPlace, message: `${replicas} replicas of ${manifest.label}, and no SERVERLESS_SCALER_PEERS.` };
    return;
  }
  for (const service of servicesAt(set.services, serviceAddress(peers)))
    if (service.manifest.get('spec', 'clusterIP') !== 'None')
      yield {
        at: service.manifest.place('spec', 'clusterIP'),
        message: `${service.manifest.label}, which SERVERLESS_SCALER_PEERS names, leads to one replica at a time.`,
        fix: 'Write clusterIP: None.',
      };
}

function* ofConsumers(set: ManifestSet, { pubsub }: PushWay, { sidecar, workload }: PushScaler): Generator<Problem> {
  const { manifest, replicas } = workload;
  const components = set.components.filter(
    ({ name, scopes }) => name === pubsub && (scopes === undefined || scopes.includes(sidecar?.appId ?? '')),
  );
  const own = components.filter((component) => PER_POD.test(component.metadata('consumerID')?.value ?? ''));
  if (own.length === 0) {
    for (const component of components) {
      const written = component.metadata('consumerID')?.value;
      const found = written === undefined ? 'no consumerID' : `the consumerID "${written}"`;
      yield {
        at: component.metadataPlace('consumerID'),
        message: `${replicas} replicas of ${manifest.label} share the messages: ${component.manifest.label} has ${found}.`,
      };
    }
  } else if (manifest.kind === 'Deployment') {
    yield {
      at: manifest.place('kind'),
      message: `Each pod of ${manifest.label} has a name of its own, and leaves a subscription behind when it goes.`,
      severity: 'warning',
      fix: 'Make it a StatefulSet, whose pods keep their names.',
    };
  }
}
