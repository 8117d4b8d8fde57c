import { isTrue } from '../../manifests/value';
import type { Rule } from '../rule';

export const gatewayDapr: Rule = {
  id: 'gateway-dapr',
  severity: 'error',
  title: 'The gateway has a Dapr sidecar, under the app-id that the Component admits',
  why: 'Without a sidecar there is nobody to publish a wake-up: every request for a sleeping backend is held until its deadline.',
  fix: "Write the pod annotations dapr.io/enabled: 'true' and dapr.io/app-id: serverless.",
  *check(set) {
    // Whoever publishes elsewhere, to `serverless scaler` say, needs no sidecar.
    const publishesElsewhere = set.gateways.some(({ daprEndpoint }) => daprEndpoint !== undefined);
    if (publishesElsewhere) return;
    for (const gateway of set.gateways) {
      const enabled = gateway.annotation('dapr.io/enabled');
      const appId = gateway.annotation('dapr.io/app-id');
      // Values are laid over each other: a file without annotations adds to one that has them.
      const layered = set.gateways.some((other) => other !== gateway && isTrue(other.annotation('dapr.io/enabled')));
      if (layered && enabled === undefined && appId === undefined) continue;
      if (!isTrue(enabled)) {
        const at = gateway.annotationPlace('dapr.io/enabled');
        yield { at, message: `dapr.io/enabled is ${enabled === undefined ? 'missing' : `"${enabled}"`}.` };
      } else if (appId === undefined) {
        yield { at: gateway.annotationPlace('dapr.io/app-id'), message: 'dapr.io/app-id is missing.' };
      } else if (appId !== set.appId) {
        const message = `The app-id is "${appId}"; the other files were checked for "${set.appId}".`;
        yield { at: gateway.annotationPlace('dapr.io/app-id'), message };
      }
      if (gateway.annotation('dapr.io/app-port') !== undefined) {
        yield {
          at: gateway.annotationPlace('dapr.io/app-port'),
          message: 'The sidecar waits for this port before it is Ready, and never calls it.',
          fix: 'Remove dapr.io/app-port: publishing needs none.',
          severity: 'warning',
        };
      }
    }
  },
};
