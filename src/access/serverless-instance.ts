import type { Activator } from '../activation/activator';
import type { Arrival, Outcome } from '../activation/arrival';
import type { Registry } from '../activation/registry';
import type { Logger, OnRejected } from '../core/ports';
import type { ServicePort } from '../core/service-name';
import type { Tracer } from '../core/tracing';
import type { OwnProbes } from '../adapters/own-probes';
import { PROBE_HEADER, PROBE_USER_AGENT } from '../adapters/own-probes';
import type { Backend } from '../core/backend';
import { ServerlessError, shuttingDown } from '../core/errors';
import { isNoWake, matchBackend, normalizePath } from '../core/match';
import type { Clock } from '../core/ports';
import { Quiet } from '../core/quiet';
import { UNKNOWN_WORKER } from '../core/reports';
import { isSameService, RouteReader, sendTo } from './destination';
import { headerOf } from './request-origin';
import { HoldSpan } from './hold-span';
import { routeIsWithin } from './route';
import type { Kong, PhaseContext, PluginInstance } from '../kong/contract';
import { reject } from '../kong/reject';
import { waitFor } from './hold';
import type { PageDue, Visit, WaitingPages } from './waiting-pages';

/** Requests that passed unread are handed to their activator this long after the first of them, milliseconds. */
const COUNT_EVERY_MS = 100;
/** An error that goes on is repeated in Kong's log this often, milliseconds. */
const QUIET_MS = 1000;

/** What all instances of the process share. */
export interface PluginParts {
  readonly clock: Clock;
  readonly registry: Registry;
  readonly ownProbes: OwnProbes;
  readonly logger: Logger;
  readonly onRejected: OnRejected;
  /** From now on nothing more is held. */
  readonly draining: () => boolean;
  /** Whether a rejection tells its client why in Dapr's and the probe's own words. */
  readonly showReasons: boolean;
  /** What people see while a backend wakes. */
  readonly pages: WaitingPages;
  /** Undefined: there are no traces. */
  readonly tracer?: Tracer | undefined;
}

/** A probe of this process is let through, one of another or one that is long forgotten is never demand. */
type Sender = 'client' | 'own-probe' | 'foreign-probe';

/** One valid configuration on one nginx worker: the access phase. */
export class ServerlessInstance implements PluginInstance {
  readonly #config: { readonly backends: readonly Backend[]; readonly ofOneRoute: boolean };
  readonly #parts: PluginParts;
  readonly #route: RouteReader;
  #worker: number | undefined;
  /** The backend of every request of this instance, if there is such a one; not known until a request has been looked at. */
  #only: Backend | 'none' | 'unknown' = 'unknown';
  /** Requests that passed unread and are not counted yet. */
  #uncounted = 0;
  readonly #quiet = new Quiet(QUIET_MS);

  constructor(config: { readonly backends: readonly Backend[]; readonly ofOneRoute: boolean }, parts: PluginParts) {
    this.#config = config;
    this.#parts = parts;
    this.#route = new RouteReader(config.ofOneRoute, parts.clock);
    for (const backend of config.backends) parts.registry.configure(backend);
  }

  access(kong: Kong, context?: PhaseContext): Promise<void> | void {
    try {
      if (this.#passesUnread()) return;
    } catch (error) {
      return this.#fail(kong, context?.signal, error);
    }
    return this.#decide(kong, context).catch((error: unknown) => this.#fail(kong, context?.signal, error));
  }

  /**
   * Lets a request pass without a call to Kong (K14), and counts it: where it can only be for one backend, which is open on this worker.
   * Where a request may be for another backend, for none, or one that must not wake, each is looked at.
   */
  #passesUnread(): boolean {
    const [only, worker] = [this.#only, this.#worker];
    if (worker === undefined || typeof only === 'string') return false;
    // One of our own probes is no request, and must be met to learn which worker served it.
    if (only.healthPath !== undefined && this.#parts.ownProbes.inFlightFor(only.healthPath)) return false;
    const activator = this.#parts.registry.get(only);
    if (!activator.isOpen(worker)) return false;
    this.#uncounted += 1;
    if (this.#uncounted === 1) {
      this.#parts.clock.after(COUNT_EVERY_MS, () => {
        const requests = this.#uncounted;
        this.#uncounted = 0;
        this.#parts.registry.get(only).passed(requests, worker);
      });
    }
    return true;
  }

  async #decide(kong: Kong, context: PhaseContext | undefined): Promise<void> {
    const { registry, ownProbes, clock } = this.#parts;
    const since = clock.now();
    const worker = (this.#worker ??= Number(await kong.nginx.get_var('pid')) || UNKNOWN_WORKER);
    const path = normalizePath(await kong.request.get_path());
    let sender = ownProbes.expects(path) ? await this.#senderOf(worker, path, kong) : undefined;
    if (sender === 'own-probe') return;
    const backend = matchBackend(this.#config.backends, path);
    if (backend === undefined) return;
    const wakes = !(await this.#isNoWake(backend, path, kong));
    const activator = registry.get(backend);
    if (activator.isOpen(worker)) {
      if (wakes) activator.passed(1, worker);
      if (this.#only === 'unknown') this.#only = (await this.#hasOnly(backend, kong)) ? backend : 'none';
      return;
    }
    const visit = wakes ? await this.#parts.pages.visitOf(kong, backend, path) : undefined;
    if (this.#parts.draining()) {
      await this.#reject(kong, shuttingDown(backend.target), visit);
      return;
    }
    // Asked whatever the path: a probe that was taken for a request would keep its own backend awake for ever.
    sender ??= await this.#senderOf(worker, path, kong).catch(() => 'client' as const);
    if (sender === 'own-probe') return;
    const arrival = { worker, wakes: wakes && sender === 'client', backend };
    if (sender !== 'client' || visit === undefined) await this.#enter(activator, arrival, kong, context, since);
    else if (visit.kind === 'status') await this.#parts.pages.tellStatus(kong, visit, context);
    else await this.#enter(activator, arrival, kong, context, since, visit);
  }

  async #senderOf(worker: number, path: string, kong: Kong): Promise<Sender> {
    const { ownProbes } = this.#parts;
    const ticket = await headerOf(kong, PROBE_HEADER);
    if (ticket === undefined) return 'client';
    const pinned = ownProbes.pinnedTo(ticket);
    // One that came by another way proves nothing of the pod, and is as good as not met.
    if (pinned !== undefined && !(await this.#isRoutedTo(pinned.service, path, kong))) return 'own-probe';
    if (ownProbes.met(ticket, worker)) {
      await kong.service.request.clear_header(PROBE_HEADER);
      if (pinned !== undefined) await sendTo(kong, pinned.pin);
      return 'own-probe';
    }
    return (await headerOf(kong, 'User-Agent')) === PROBE_USER_AGENT ? 'foreign-probe' : 'client';
  }

  async #isRoutedTo(service: ServicePort, path: string, kong: Kong): Promise<boolean> {
    const { preservesHost, service: named } = await this.#route.read(kong);
    return preservesHost && isSameService(matchBackend(this.#config.backends, path)?.service ?? named, service);
  }

  /** Whether every request of this instance is for this backend, and wakes it. */
  async #hasOnly(backend: Backend, kong: Kong): Promise<boolean> {
    const { backends, ofOneRoute } = this.#config;
    if (backends.length !== 1 || backend.noWake.length > 0) return false;
    return backend.target === '/' || (ofOneRoute && (await routeIsWithin(backend.target, kong)));
  }

  /**
   * @param since when the request arrived
   * @param visit undefined: it is held until it ends, and gets no page
   */
  async #enter(
    activator: Activator,
    arrival: Arrival,
    kong: Kong,
    context: PhaseContext | undefined,
    since: number,
    visit?: Visit,
  ): Promise<void> {
    const { tracer, clock, pages } = this.#parts;
    const failure = visit && pages.failureFor(visit);
    if (failure !== undefined) {
      await this.#reject(kong, failure, visit);
      return;
    }
    const span = tracer && (await HoldSpan.begin(tracer, kong, arrival, since));
    const entry = activator.enter(span === undefined ? arrival : { ...arrival, trace: span.context });
    let outcome: Outcome | PageDue | undefined;
    if (entry.kind === 'held') {
      context?.holds();
      const held = visit === undefined ? entry : pages.untilPage(entry, visit);
      outcome = await waitFor<Outcome | PageDue>(held, kong, this.#route, context?.signal, clock);
    } else outcome = entry;
    span?.settled(outcome);
    try {
      if (outcome?.kind === 'page') {
        if (visit !== undefined && entry.kind === 'held') await pages.show(kong, visit, entry);
      } else if (outcome !== undefined) {
        // It may have ended by another's failure: then it waits no more.
        if (outcome.kind === 'rejected' && entry.kind === 'held') entry.leave();
        await this.#conclude(kong, arrival.backend, outcome, span, visit);
      }
    } finally {
      span?.end(entry, outcome);
    }
  }

  async #conclude(
    kong: Kong,
    backend: Backend,
    outcome: Outcome,
    span: HoldSpan | undefined,
    visit: Visit | undefined,
  ): Promise<void> {
    if (outcome.kind === 'released') {
      if (outcome.pin !== undefined) await sendTo(kong, outcome.pin);
      if (outcome.heldMs > 0) await kong.response.set_header('X-Serverless-Cold-Start', Math.round(outcome.heldMs));
      if (outcome.heldMs > 0) await span?.passOn(kong);
      return;
    }
    const { error } = outcome;
    if (error.code === 'SERVERLESS_HOLD_TIMEOUT' && backend.onTimeout === 'pass') {
      await span?.passOn(kong);
      return;
    }
    await this.#reject(kong, error, visit);
  }

  async #isNoWake(backend: Backend, path: string, kong: Kong): Promise<boolean> {
    const { noWake } = backend;
    if (noWake.length === 0) return false;
    const method = noWake.some((matcher) => matcher.method !== undefined) ? await kong.request.get_method() : '';
    const userAgent = noWake.some((matcher) => matcher.userAgent !== undefined)
      ? ((await headerOf(kong, 'User-Agent')) ?? '')
      : '';
    return isNoWake(noWake, { path, method, userAgent });
  }

  async #reject(kong: Kong, error: ServerlessError, visit?: Visit): Promise<void> {
    if (error.code !== 'SERVERLESS_NO_WAKE') await this.#tellOperator(kong, error);
    this.#parts.onRejected(error.code);
    if (visit !== undefined && (await this.#parts.pages.showFailure(kong, visit, error))) return;
    await reject(kong, error, this.#parts.showReasons);
  }

  /** Also through Kong's log: our own is out of sight when Kong manages this process (K15). */
  async #tellOperator(kong: Kong, error: ServerlessError): Promise<void> {
    if (!this.#quiet.allows(this.#parts.clock.now())) return;
    const { backend, lastProbe, lastPublish } = error.context;
    this.#parts.logger.warn({ code: error.code, backend, lastProbe, lastPublish }, error.detail);
    const facts = JSON.stringify({ backend, lastProbe, lastPublish });
    await kong.log.err(`serverless: ${error.message} ${facts}`);
  }

  /** An exception would make the host let the request through to a backend that may sleep (K10). */
  async #fail(kong: Kong, signal: AbortSignal | undefined, cause: unknown): Promise<void> {
    if (signal?.aborted === true) return;
    this.#parts.logger.error({ err: cause }, 'the access phase failed, the request is answered 503');
    const error = new ServerlessError('SERVERLESS_INTERNAL', 'The plugin failed; the gateway’s log says why.');
    await this.#reject(kong, error).catch((again: unknown) => {
      this.#parts.logger.error({ err: again }, 'the request could not be answered');
    });
  }
}
