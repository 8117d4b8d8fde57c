import type { Rule } from '../rule';
import { backendService } from './backend-service';
import { backendSettings } from './backend-settings';
import { brokerType } from './broker-type';
import { companions } from './companions';
import { componentMissing } from './component-missing';
import { componentNamespace } from './component-namespace';
import { componentScope } from './component-scope';
import { endpointsAccess } from './endpoints-access';
import { exchangeAutoDelete } from './exchange-auto-delete';
import { exchangeDeclared } from './exchange-declared';
import { expiredMessages } from './expired-messages';
import { gatewayDapr } from './gateway-dapr';
import { gatewayPlugins } from './gateway-plugins';
import { gracePeriod } from './grace-period';
import { healthRoute } from './health-route';
import { holdDeadline } from './hold-deadline';
import { ingressClass } from './ingress-class';
import { inlineSecret } from './inline-secret';
import { oneScaledObject } from './one-scaled-object';
import { pluginConfig } from './plugin-config';
import { pluginUsed } from './plugin-used';
import { podGrace } from './pod-grace';
import { pollingInterval } from './polling-interval';
import { probeAllowed } from './probe-allowed';
import { probeConditions } from './probe-conditions';
import { probeHost } from './probe-host';
import { probeProtocol } from './probe-protocol';
import { pushAndQueue } from './push-and-queue';
import { pushReplicas } from './push-replicas';
import { pushScope } from './push-scope';
import { pushTold } from './push-told';
import { pushTrigger } from './push-trigger';
import { queueBound } from './queue-bound';
import { queueDeclared } from './queue-declared';
import { queueLength } from './queue-length';
import { queueName } from './queue-name';
import { queueTtl } from './queue-ttl';
import { readinessPath } from './readiness-path';
import { reconnectWait } from './reconnect-wait';
import { replicasOwner } from './replicas-owner';
import { scaleToZero } from './scale-to-zero';
import { scaledObjectMissing } from './scaled-object-missing';
import { scaledObjectTarget } from './scaled-object-target';
import { scalerActivation } from './scaler-activation';
import { scalerMode } from './scaler-mode';
import { sharedQueue } from './shared-queue';
import { sidecarPorts } from './sidecar-ports';
import { streamTrim } from './stream-trim';
import { targetRoute } from './target-route';
import { topicScope } from './topic-scope';
import { triggerAuth } from './trigger-auth';
import { ttlLease } from './ttl-lease';
import { ttlPolling } from './ttl-polling';
import { waitingPageTemplate } from './waiting-page-template';

/** All rules, in the order of a request: route, probe, Component, queue, KEDA, gateway. */
export const rules: readonly Rule[] = [
  pluginConfig,
  pluginUsed,
  backendSettings,
  targetRoute,
  backendService,
  ingressClass,
  healthRoute,
  probeAllowed,
  probeHost,
  probeProtocol,
  probeConditions,
  readinessPath,
  podGrace,
  holdDeadline,
  waitingPageTemplate,
  componentMissing,
  componentNamespace,
  componentScope,
  topicScope,
  companions,
  exchangeAutoDelete,
  reconnectWait,
  streamTrim,
  inlineSecret,
  exchangeDeclared,
  queueDeclared,
  queueBound,
  queueName,
  queueTtl,
  expiredMessages,
  ttlLease,
  ttlPolling,
  sharedQueue,
  brokerType,
  scaledObjectMissing,
  scaledObjectTarget,
  oneScaledObject,
  scaleToZero,
  replicasOwner,
  pollingInterval,
  pushTrigger,
  pushTold,
  pushScope,
  pushReplicas,
  sidecarPorts,
  pushAndQueue,
  queueLength,
  scalerActivation,
  scalerMode,
  triggerAuth,
  gatewayPlugins,
  gatewayDapr,
  endpointsAccess,
  gracePeriod,
];
