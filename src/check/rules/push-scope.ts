import { type Component, scopedTopics } from '../../manifests/components';
import type { PushScaler } from '../../manifests/push-scalers';
import { isToldDirectly, pushWays } from '../../manifests/push-ways';
import type { Problem, Rule } from '../rule';

export const pushScope: Rule = {
  id: 'push-scope',
  severity: 'error',
  title: "A scaler behind Dapr may use the Component of its triggers' pubsub",
  why: "A sidecar loads only Components of its own namespace whose scopes name it: without one the scaler's subscription is silent.",
  fix: "Add the scaler's app-id (its annotation dapr.io/app-id) to scopes, in a Component of the scaler's namespace.",
  *check(set) {
    for (const { pubsub, topic, scalers } of pushWays(set)) {
      const components = set.components.filter(({ name }) => name === pubsub);
      for (const scaler of scalers.filter((one) => one.sidecar !== undefined && !isToldDirectly(set, one))) {
        const found = components.flatMap((component) => problemOf(component, scaler, topic) ?? []);
        // Of alternatives, such as a Component per broker, one that admits it is enough.
        if (found.length === components.length) yield* found;
      }
    }
  },
};

function problemOf(component: Component, { sidecar, workload }: PushScaler, topic: string): Problem | undefined {
  const { manifest, namespace, scopes } = component;
  if (sidecar === undefined) return undefined;
  if (namespace !== workload.namespace)
    return {
      at: manifest.place('metadata', 'namespace'),
      message: `${manifest.label} is not in the namespace of ${workload.manifest.label}.`,
    };
  const listening = scopedTopics(component.metadata('subscriptionScopes')?.value ?? '', sidecar.appId);
  if (listening?.includes(topic) === false)
    return {
      at: component.metadataPlace('subscriptionScopes'),
      message: `subscriptionScopes does not let "${sidecar.appId}" subscribe to "${topic}".`,
      fix: `Add the topic to the entry of ${sidecar.appId}.`,
    };
  if (scopes === undefined || scopes.includes(sidecar.appId)) return undefined;
  const admitted = scopes.map((scope) => `"${scope}"`).join(', ');
  return {
    at: manifest.place('scopes'),
    message: `The scopes admit ${admitted}, and not the scaler, "${sidecar.appId}".`,
  };
}
