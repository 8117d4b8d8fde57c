import type { Activator } from '../activation/activator';
import type { Arrival, Entry, Outcome } from '../activation/arrival';
import type { Registry } from '../activation/registry';
import type { ServicePort } from '../core/service-name';
import type { Tracer } from '../core/tracing';
import type { OwnProbes } from '../adapters/own-probes';
import { PROBE_HEADER, PROBE_USER_AGENT } from '../adapters/own-probes';
import type { Backend } from '../core/backend';
import { inMaintenance, shuttingDown } from '../core/errors';
import { matchBackend, normalizePath } from '../core/match';
import { UNKNOWN_WORKER } from '../core/reports';
import { Answers, type AnswersParts, type End, type Request } from './answers';
import { DemandSample } from './demand-sample';
import { isSameService, RouteReader, sendTo } from './destination';
import { headerOf } from './request-origin';
import { HoldSpan } from './hold-span';
import { routeIsWithin } from './route';
import type { Kong, PhaseContext, PluginInstance } from '../kong/contract';
import { type Held, keepAlive, waitFor } from './hold';
import { readNoWake } from './no-wake';
import type { ReleasePace } from './release-pace';
import { preferredWaitMs } from './respond-async';
import { dueAfter, endedAlsoBy } from './until';

/** Requests that passed unread are handed to their activator this long after the first of them, milliseconds. */
const COUNT_EVERY_MS = 100;

/** What all instances of the process share. */
export interface PluginParts extends AnswersParts {
  readonly registry: Registry;
  readonly ownProbes: OwnProbes;
  /** From now on nothing more is held. */
  readonly draining: () => boolean;
  /** In which order those go on who were held. */
  readonly pace: ReleasePace;
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
  /** Of those that were looked at although the backend was up. */
  readonly #sample = new DemandSample();
  /** Requests that passed unread and are not counted yet; a part of one where some may not count. */
  #uncounted = 0;
  readonly #answers: Answers;

  constructor(config: { readonly backends: readonly Backend[]; readonly ofOneRoute: boolean }, parts: PluginParts) {
    this.#config = config;
    this.#parts = parts;
    this.#answers = new Answers(parts);
    this.#route = new RouteReader(config.ofOneRoute, parts.clock);
    for (const backend of config.backends) parts.registry.configure(backend);
  }

  access(kong: Kong, context?: PhaseContext): Promise<void> | void {
    try {
      if (this.#passesUnread()) return;
    } catch (error) {
      return this.#answers.fail(kong, context?.signal, error);
    }
    return this.#decide(kong, context).catch((error: unknown) => this.#answers.fail(kong, context?.signal, error));
  }

  /**
   * Lets a request pass without a call to Kong (K14), and counts it: where it can only be for one backend, which is open on this worker.
   * Where a request may be for another backend or for none, each is looked at; where some must not wake, a sample.
   */
  #passesUnread(): boolean {
    const [only, worker] = [this.#only, this.#worker];
    if (worker === undefined || typeof only === 'string') return false;
    const isSampled = only.noWake.length > 0;
    if (isSampled && !this.#sample.isEnough(this.#parts.clock.now())) return false;
    // One of our own probes is no request, and must be met to learn which worker served it.
    if (only.healthPath !== undefined && this.#parts.ownProbes.inFlightFor(only.healthPath)) return false;
    const activator = this.#parts.registry.get(only);
    if (!activator.isOpen(worker)) return false;
    const isFirst = this.#uncounted < 1;
    this.#uncounted += isSampled ? this.#sample.share : 1;
    if (isFirst && this.#uncounted >= 1) {
      this.#parts.clock.after(COUNT_EVERY_MS, () => {
        const requests = Math.floor(this.#uncounted);
        this.#uncounted -= requests;
        this.#parts.registry.get(only).passed(requests, worker);
      });
    }
    return true;
  }

  async #decide(kong: Kong, context: PhaseContext | undefined): Promise<void> {
    const { registry, ownProbes, clock, pages } = this.#parts;
    const since = clock.now();
    const worker = (this.#worker ??= Number(await kong.nginx.get_var('pid')) || UNKNOWN_WORKER);
    const path = normalizePath(await kong.request.get_path());
    let sender = ownProbes.expects(path) ? await this.#senderOf(worker, path, kong) : undefined;
    if (sender === 'own-probe') return;
    const backend = matchBackend(this.#config.backends, path);
    if (backend === undefined) return;
    if (backend.maintenance === true) {
      const visit = await pages.visitOf(kong, backend, path);
      await this.#answers.reject({ kong, backend, visit }, inMaintenance(backend.target));
      return;
    }
    const noWake = await readNoWake(backend, path, kong);
    const activator = registry.get(backend);
    if (activator.isOpen(worker)) {
      if (backend.noWake.length > 0) this.#sample.add(noWake === undefined, since);
      if (noWake === undefined) activator.passed(1, worker);
      if (this.#only === 'unknown') this.#only = (await this.#hasOnly(backend, kong)) ? backend : 'none';
      return;
    }
    const visit = noWake === undefined ? await pages.visitOf(kong, backend, path) : undefined;
    if (this.#parts.draining()) {
      await this.#answers.reject({ kong, backend, visit }, shuttingDown(backend.target));
      return;
    }
    // Asked whatever the path: a probe that was taken for a request would keep its own backend awake for ever.
    sender ??= await this.#senderOf(worker, path, kong).catch(() => 'client' as const);
    if (sender === 'own-probe') return;
    const isClient = sender === 'client';
    if (isClient && visit?.kind === 'status') return pages.tellStatus(kong, visit, context);
    const wakes = noWake === undefined && isClient;
    const askedWaitMs = wakes && visit === undefined ? await preferredWaitMs(kong, backend) : undefined;
    const early = isClient ? { visit, askedWaitMs } : {};
    await this.#enter(activator, { worker, wakes, backend }, { kong, context, backend, since, noWake, ...early });
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

  /** Whether every request of this instance is for this backend. */
  async #hasOnly(backend: Backend, kong: Kong): Promise<boolean> {
    const { backends, ofOneRoute } = this.#config;
    if (backends.length !== 1) return false;
    return backend.prefix === '/' || (ofOneRoute && (await routeIsWithin(backend.prefix, kong)));
  }

  async #enter(activator: Activator, arrival: Arrival, request: Request): Promise<void> {
    const { kong, visit, since } = request;
    const { tracer, pages } = this.#parts;
    const failure = visit && pages.failureFor(visit);
    if (failure !== undefined) {
      await this.#answers.reject(request, failure);
      return;
    }
    const span = tracer && (await HoldSpan.begin(tracer, kong, arrival, since));
    const traced = span === undefined ? arrival : { ...arrival, trace: span.context };
    let entry = activator.enter(traced);
    let outcome = await this.#endOf(entry, request);
    while (outcome?.kind === 'released' && entry.kind === 'held') {
      const turn = await this.#turnOf(outcome, activator, traced, request);
      if (turn !== 'again') {
        outcome = turn === 'gone' ? undefined : outcome;
        break;
      }
      // While it waited for its turn the backend went to sleep: it is held on, up to its own deadline.
      entry = activator.enter(forTheRest(traced, since, this.#parts.clock.now()));
      outcome = await this.#endOf(entry, request);
    }
    span?.settled(outcome);
    try {
      if (outcome !== undefined) await this.#answers.conclude(request, entry, outcome, span);
    } finally {
      span?.end(entry, outcome);
    }
  }

  /** How a request fares that has entered; undefined: its client is gone. */
  async #endOf(entry: Entry, { kong, context, visit, backend, askedWaitMs }: Request): Promise<End | undefined> {
    if (entry.kind !== 'held') return entry;
    const { pages, clock } = this.#parts;
    context?.holds();
    let held: Held<End> = visit === undefined ? entry : pages.untilPage(entry, visit);
    const fallbackMs = backend.fallback?.afterMs;
    if (fallbackMs !== undefined)
      held = endedAlsoBy(held, dueAfter<End>(clock, fallbackMs, { kind: 'fallback' }, held.outcome));
    if (askedWaitMs !== undefined)
      held = endedAlsoBy(held, dueAfter<End>(clock, askedWaitMs, { kind: 'async' }, held.outcome));
    return waitFor(held, kong, this.#route, context?.signal, clock);
  }

  /** Those who were held for one backend go on one after the other, where it wants that. */
  async #turnOf(
    { pin }: Extract<Outcome, { kind: 'released' }>,
    activator: Activator,
    { worker, backend }: Arrival,
    { kong, context, since }: Request,
  ): Promise<'now' | 'again' | 'gone'> {
    const { pace, clock } = this.#parts;
    if (backend.releaseRate === undefined) return 'now';
    const waitMs = pace.turn(backend.key, backend.releaseRate, since + backend.policy.holdTimeoutMs);
    if (waitMs === 0) return 'now';
    if (!(await pace.wait(waitMs, (turn) => keepAlive(turn, kong, context?.signal, clock)))) return 'gone';
    if (pin === undefined && !activator.isOpen(worker)) return 'again';
    // Counted when it came; the lease is renewed as by any that passes.
    activator.passed(0, worker);
    return 'now';
  }
}

/** The same request, with what is left of its hold. */
function forTheRest(arrival: Arrival, since: number, now: number): Arrival {
  const { backend } = arrival;
  const holdTimeoutMs = Math.max(1, since + backend.policy.holdTimeoutMs - now);
  return { ...arrival, backend: { ...backend, policy: { ...backend.policy, holdTimeoutMs } } };
}
