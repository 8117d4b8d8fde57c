import type { Queue, Topology } from './broker-objects';
import { type Component, componentsOf } from './components';
import { declaredRoutes } from './declared-routes';
import { appIdOf, type Gateway, gatewaysOf } from './gateways';
import { httpRoutes } from './http-routes';
import { annotatedPlugins, ingressRoutes } from './ingress-routes';
import type { Manifest } from './manifest';
import {
  type BackendView,
  type ParseConfig,
  type PluginUse,
  pluginUsesOf,
  readServerless,
  type ServerlessPlugin,
} from './plugins';
import { admitsHost, comparablePath, covers, overlaps, type Route, routes } from './routes';
import { type PushScaler, pushScalersOf } from './push-scalers';
import { type ScaledObject, scaledObjectsOf, type Trigger } from './scaled-objects';
import { selects, type Service, servicesOf } from './services';
import { type Subscription, subscriptionsOf } from './subscriptions';
import { type Sweeper, sweepersOf } from './sweepers';
import { topologyOf } from './topology';
import { type Workload, workloadsOf } from './workloads';

/** What the files cannot say about the gateway. */
export interface GatewayFacts {
  /** Dapr's app-id of the gateway; undefined: as its values or its Deployment say, else `serverless`. */
  readonly appId: string | undefined;
  readonly namespace: string;
  /** Where probes are sent, the plugin's `SERVERLESS_GATEWAY_URL`. */
  readonly url: string;
  /** Where those of gRPC are, `SERVERLESS_GATEWAY_GRPC_URL`; undefined: its default, which has TLS. */
  readonly grpcUrl?: string;
}

/** All documents of one run and how they refer to each other. */
export class ManifestSet {
  readonly plugins: readonly ServerlessPlugin[];
  readonly backends: readonly BackendView[];
  /** Every plugin but ours. */
  readonly otherPlugins: readonly PluginUse[];
  readonly routes: readonly Route[];
  readonly components: readonly Component[];
  readonly subscriptions: readonly Subscription[];
  readonly scaledObjects: readonly ScaledObject[];
  readonly workloads: readonly Workload[];
  /** Workloads that tell KEDA. */
  readonly pushScalers: readonly PushScaler[];
  /** All but those: what may serve requests. */
  readonly serving: readonly Workload[];
  readonly services: readonly Service[];
  readonly gateways: readonly Gateway[];
  readonly topology: Topology;
  readonly sweepers: readonly Sweeper[];
  readonly appId: string;

  constructor(
    readonly manifests: readonly Manifest[],
    readonly gateway: GatewayFacts,
    parseConfig: ParseConfig,
  ) {
    const uses = pluginUsesOf(manifests);
    this.plugins = uses.filter(({ plugin }) => plugin === 'serverless').map((use) => readServerless(use, parseConfig));
    this.backends = this.plugins.flatMap(({ backends }) => backends);
    this.otherPlugins = uses.filter(({ plugin }) => plugin !== 'serverless');
    this.routes = manifests.flatMap((manifest) => [
      ...ingressRoutes(manifest),
      ...httpRoutes(manifest),
      ...declaredRoutes(manifest),
    ]);
    this.components = componentsOf(manifests);
    this.subscriptions = subscriptionsOf(manifests);
    this.scaledObjects = scaledObjectsOf(manifests);
    this.workloads = workloadsOf(manifests);
    this.pushScalers = pushScalersOf(this.workloads);
    this.serving = this.workloads.filter((one) => !this.pushScalers.some(({ workload }) => workload === one));
    this.services = servicesOf(manifests);
    this.gateways = gatewaysOf(manifests);
    this.topology = topologyOf(manifests);
    this.sweepers = sweepersOf(manifests);
    this.appId = gateway.appId ?? appIdOf(this.gateways);
  }

  /** The Services that a route leads to: one, or alternatives of it. */
  servicesOf(route: Route): Service[] {
    return this.services.filter(
      ({ manifest, namespace }) => manifest.name === route.service?.name && namespace === route.service.namespace,
    );
  }

  /** Whether the plugin runs on the route: named by the Ingress or HTTPRoute or its Service, or on every route. */
  runsOn(use: PluginUse, route: Route): boolean {
    if (use.everywhere) return true;
    // `namespace:name` since the ingress controller 3.2.
    const named = [...route.plugins, ...this.servicesOf(route).flatMap(({ manifest }) => annotatedPlugins(manifest))];
    if (use.namespace !== undefined && named.includes(`${use.namespace}:${use.resource}`)) return true;
    return (use.namespace === undefined || use.namespace === route.namespace) && named.includes(use.resource);
  }

  /** The routes on which the backend's plugin runs. */
  carriers(backend: Pick<BackendView, 'use'>): Route[] {
    return this.routes.filter((route) => this.runsOn(backend.use, route));
  }

  /** Those of them whose requests belong to the backend, and to no longer target of the same plugin. */
  routesOf(backend: BackendView): Route[] {
    const rivals = this.backends.filter(
      ({ use, target }) => use === backend.use && target.length > backend.target.length,
    );
    return this.carriers(backend).filter(
      (route) => overlaps(route, backend.target) && !rivals.some(({ target }) => covers(target, route)),
    );
  }

  /** The routes that a probe through the gateway takes: the longest that admit its path and its host. None for a direct probe. */
  probedRoutes(backend: BackendView): Route[] {
    const path = probePath(backend);
    if (path === undefined) return [];
    const host = backend.settings?.probe.host;
    const admitting = this.routes.filter(
      (route) => routes(route, path) && (host === undefined || admitsHost(route.host, host)),
    );
    const longest = Math.max(...admitting.map((route) => comparablePath(route.path).length));
    return admitting.filter((route) => comparablePath(route.path).length === longest);
  }

  /** The workloads behind the backend's routes. */
  workloadsOf(backend: BackendView): Workload[] {
    const services = this.routesOf(backend).flatMap((route) => this.servicesOf(route));
    return this.workloads.filter((workload) => services.some((service) => selects(service, workload)));
  }

  /** The ScaledObjects of a workload. */
  scalersOf(workload: Workload): ScaledObject[] {
    return this.scaledObjects.filter(
      ({ target, namespace }) =>
        target.name === workload.manifest.name &&
        target.kind === workload.manifest.kind &&
        namespace === workload.namespace,
    );
  }

  /**
   * The ScaledObjects that wake a backend. Without its Deployment among the files: those whose target is named like the
   * Service, as is usual.
   */
  scaledObjectsOf(backend: BackendView): ScaledObject[] {
    const workloads = this.workloadsOf(backend);
    if (workloads.length > 0) return unique(workloads.flatMap((workload) => this.scalersOf(workload)));
    const named = this.routesOf(backend);
    return this.scaledObjects.filter(({ target, namespace }) =>
      named.some((route) => route.service?.name === target.name && route.namespace === namespace),
    );
  }

  /** The Components that a backend's messages may go through: usually one; with several brokers in one folder, one of each. */
  componentsOf(backend: BackendView): Component[] {
    return this.components.filter(({ name }) => name === backend.pubsub);
  }

  /** The triggers of a backend that read a queue of the Component's broker. */
  triggersOf(backend: BackendView, component: Component): { scaledObject: ScaledObject; trigger: Trigger }[] {
    return this.scaledObjectsOf(backend).flatMap((scaledObject) =>
      scaledObject.triggers
        .filter(({ broker }) => broker !== undefined && broker === component.broker)
        .map((trigger) => ({ scaledObject, trigger })),
    );
  }

  /** The declared queues that KEDA reads for a backend. */
  queuesOf(backend: BackendView): Queue[] {
    const read = this.componentsOf(backend).flatMap((component) => this.triggersOf(backend, component));
    return this.topology.queues.filter(({ broker, name }) =>
      read.some(({ trigger }) => trigger.broker === broker && trigger.queue?.name === name),
    );
  }
}

/** Path that is probed through the gateway; undefined where nothing is, or directly. */
export function probePath({ healthPath, settings }: BackendView): string | undefined {
  return settings?.probe.url === undefined ? healthPath : undefined;
}

/** Each element once, in order. */
export function unique<T>(list: readonly T[]): T[] {
  return [...new Set(list)];
}
