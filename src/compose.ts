import { hostname } from 'node:os';
import { Activator } from './activation/activator';
import { HeldBudget } from './activation/held-budget';
import { OperatorRequests } from './activation/operator-requests';
import { Registry } from './activation/registry';
import { PinnedProber } from './adapters/address-prober';
import { systemClock } from './adapters/clock';
import { DaprPublisher } from './adapters/dapr-publisher';
import { loadHttpClient } from './adapters/http-client';
import type { OnRejected } from './core/ports';
import type { Tracer } from './core/tracing';
import type { ProcessLog } from './adapters/logger';
import { backendReadings } from './adapters/backend-readings';
import { Metrics } from './adapters/metrics';
import { LoggingObserver, Observers } from './adapters/observers';
import { KernelConnections } from './adapters/open-connections';
import { OwnProbes } from './adapters/own-probes';
import { LineProber } from './adapters/prober';
import { defaultMaxHeld } from './adapters/memory-bound';
import { formatProblems, parseConfig } from './config/parse';
import type { ProcessSettings } from './config/process-settings';
import type { Kong, PhaseContext, PluginInstance, Product } from './kong/contract';
import { moduleInfo } from './kong/plugin-info';
import type { PluginParts } from './access/serverless-instance';
import { ServerlessInstance } from './access/serverless-instance';
import { ReleasePace } from './access/release-pace';
import { WaitingPages } from './access/waiting-pages';
import { TemplateFiles } from './adapters/template-files';
import { templateProblems } from './waiting-page/template';
import { KubernetesEndpoints } from './kubernetes/endpoints';
import { EventObserver } from './kubernetes/event-observer';
import { type ApiServer, apiServer } from './kubernetes/service-account';
import { RejectingInstance } from './kong/rejecting-instance';

/**
 * Builds the product: which part is given to which. Nothing else in `src/` makes a part of it.
 *
 * @param tracer undefined where there are no traces
 */
export function compose(settings: ProcessSettings, logger: ProcessLog, tracer?: Tracer): Product {
  const clock = systemClock;
  const budget = new HeldBudget(settings.maxHeld ?? defaultMaxHeld());
  const metrics = new Metrics({
    held: () => budget.held,
    heldLimit: () => budget.max,
    backends: () => backendReadings(registry.status()),
    linesDropped: logger.linesDropped,
    observerFailures: () => observer.failures,
    now: () => clock.now(),
    version: moduleInfo.Version,
  });
  const api = apiOf(settings);
  const events = settings.kubernetesEvents ? eventsOf(api, logger) : undefined;
  const told = [metrics, new LoggingObserver(logger, clock), ...(events === undefined ? [] : [events])];
  const observer: Observers = new Observers(told, logger, clock);
  const ownProbes = new OwnProbes();
  const publisher = new DaprPublisher(settings);
  const kubernetes = typeof api === 'string' ? api : new KubernetesEndpoints(api, clock, logger);
  const endpoints = typeof kubernetes === 'string' ? undefined : kubernetes;
  const connections = endpoints && new KernelConnections(() => clock.now());
  const shared = { clock, random: Math.random, publisher, observer, logger, budget, endpoints, connections, tracer };
  const gateway = { http: settings.gatewayUrl, grpc: settings.gatewayGrpcUrl };
  const registry: Registry = new Registry(clock, (backend) => {
    const prober = new LineProber(backend, gateway, ownProbes);
    const addressProber = new PinnedProber(backend, gateway, ownProbes);
    return new Activator(backend, { ...shared, gateway: hostname(), prober, addressProber });
  });
  const pages = new WaitingPages({ clock, registry, templates: new TemplateFiles(clock, logger, templateProblems) });
  const pace = new ReleasePace(clock, budget);
  const showReasons = settings.debugErrors;
  return productOf({
    clock,
    budget,
    metrics,
    observer,
    ownProbes,
    publisher,
    kubernetes,
    registry,
    pages,
    pace,
    logger,
    showReasons,
    tracer,
    events,
  });
}

interface ProductParts extends Pick<
  PluginParts,
  'clock' | 'registry' | 'pages' | 'pace' | 'ownProbes' | 'logger' | 'showReasons' | 'tracer'
> {
  readonly budget: HeldBudget;
  readonly metrics: Metrics;
  readonly observer: Observers;
  readonly publisher: DaprPublisher;
  readonly kubernetes: KubernetesEndpoints | string;
  readonly events: EventObserver | undefined;
}

/** What the plugin server and the status server see of it. */
function productOf(parts: ProductParts): Product {
  const { budget, metrics, observer, publisher, kubernetes, registry, pages, tracer, events } = parts;
  const onRejected: OnRejected = (code) => {
    observer.rejected(code);
  };
  let draining = false;
  const operator = new OperatorRequests(registry, () => draining);
  return {
    module: { ...moduleInfo, Plugin: pluginClass({ ...parts, onRejected, draining: () => draining }) },
    onRejected,
    onServed: (ms, asked) => {
      metrics.served(ms, asked);
    },
    held: () => budget.held,
    drain: () => {
      draining = true;
      // Their clients have their answer: nobody is to wait for them.
      pages.close();
    },
    settled: () => budget.settled(),
    metrics: (format, standby) => metrics.text(format, standby),
    status: () => ({
      held: budget.held,
      maxHeld: budget.max,
      draining,
      kubernetes: typeof kubernetes === 'string' ? kubernetes : kubernetes.status(),
      backends: registry.status(),
    }),
    wake: (key) => operator.wake(key),
    sleep: (key) => operator.sleep(key),
    close: () => {
      registry.close();
      metrics.close();
      events?.close();
      if (typeof kubernetes !== 'string') kubernetes.close();
      publisher.close();
      return tracer?.close();
    },
  };
}

/** How Kubernetes is asked; else why it is not. */
function apiOf({ kubernetes }: Pick<ProcessSettings, 'kubernetes'>): ApiServer | 'off' | 'no service account' {
  if (kubernetes === 'off') return 'off';
  return apiServer(process.env, kubernetes === 'auto' ? undefined : kubernetes) ?? 'no service account';
}

function eventsOf(api: ReturnType<typeof apiOf>, logger: ProcessLog): EventObserver | undefined {
  if (typeof api !== 'string') return new EventObserver(api, hostname(), systemClock, logger);
  logger.warn({ kubernetes: api }, 'no Events are written: SERVERLESS_KUBERNETES_EVENTS needs the Kubernetes API');
  return undefined;
}

/** Hosts make an instance with `new`: of a class that knows the process's parts. */
function pluginClass(parts: PluginParts): Product['module']['Plugin'] {
  return class Plugin implements PluginInstance {
    readonly #instance: PluginInstance;

    constructor(config: unknown) {
      void loadHttpClient();
      const parsed = parseConfig(config);
      this.#instance = parsed.ok
        ? new ServerlessInstance(parsed, parts)
        : new RejectingInstance('SERVERLESS_CONFIG_INVALID', formatProblems(parsed.problems), {
            ...parts,
            log: parts.logger,
          });
    }

    access(kong: Kong, context?: PhaseContext): Promise<void> | void {
      return this.#instance.access(kong, context);
    }
  };
}
