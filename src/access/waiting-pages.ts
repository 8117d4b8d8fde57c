import type { Hold, Outcome } from '../activation/arrival';
import type { Registry } from '../activation/registry';
import type { TemplateFiles } from '../adapters/template-files';
import type { Backend } from '../core/backend';
import type { ErrorCode, ServerlessError } from '../core/errors';
import type { Clock } from '../core/ports';
import type { WaitingPage } from '../core/waiting-page';
import type { Kong, PhaseContext } from '../kong/contract';
import { retryAfterOf } from '../kong/reject';
import { type Estimate, estimate } from '../waiting-page/estimate';
import { type Headers, isNavigation, isRefresh, STATUS_HEADER } from '../waiting-page/navigation';
import { type PageStatus, type Progress, render, statusOf } from '../waiting-page/render';
import type { Failure } from '../waiting-page/texts';
import { type Held, keepAlive } from './hold';
import { dueAfter, type EarlyEnd, endedAlsoBy } from './until';
import { type Ended, PageWatches, type Watch } from './page-watch';

/** A page that asks is answered after so long at the latest, and so is one that refreshes itself: no proxy takes that for dead. */
const LONGEST_ASK_MS = 10_000;
/** Where too many ask at once, they are to wait so long. */
const PAUSE_MS = 2000;

/** Failures that a person is told of on a page. What else there is, is for operators. */
const FAILURES: Partial<Record<ErrorCode, Failure>> = {
  SERVERLESS_HOLD_TIMEOUT: 'timeout',
  SERVERLESS_WAKE_REFUSED: 'refused',
  SERVERLESS_HOLD_OVERFLOW: 'full',
  SERVERLESS_WAKE_BUDGET: 'later',
  SERVERLESS_CIRCUIT_OPEN: 'later',
  SERVERLESS_MAINTENANCE: 'maintenance',
  SERVERLESS_SHUTTING_DOWN: 'leaving',
};

/** A request that the waiting page has to do with: one of a person's browser for a page, or one of the page itself. */
export interface Visit {
  readonly kind: 'navigation' | 'status';
  readonly backend: Backend;
  readonly page: WaitingPage;
  readonly acceptLanguage: string | undefined;
  /** A page without JavaScript asks for its successor. */
  readonly isRefresh: boolean;
  /** Of a page that asks how it goes. */
  readonly token: string;
  /** When it came, on the clock. */
  readonly since: number;
}

export interface WaitingPagesParts {
  readonly clock: Clock;
  readonly registry: Registry;
  readonly templates: Pick<TemplateFiles, 'read'>;
}

/** Shows people how a wake-up goes. One for the process. */
export class WaitingPages {
  readonly #parts: WaitingPagesParts;
  readonly #watches: PageWatches;

  constructor(parts: WaitingPagesParts) {
    this.#parts = parts;
    this.#watches = new PageWatches(parts.clock);
  }

  /**
   * Looks at a request that would be held. Costs two calls to Kong where the backend has a page, else nothing.
   *
   * @param path normalised
   */
  async visitOf(kong: Kong, backend: Backend, path: string): Promise<Visit | undefined> {
    const { waitingPage: page } = backend;
    if (page === undefined) return undefined;
    const since = this.#parts.clock.now();
    const method = await kong.request.get_method();
    if (method !== 'GET') return undefined;
    const headers = firstValues(await kong.request.get_headers());
    const token = headers[STATUS_HEADER];
    const isAsking = token !== undefined;
    if (!isAsking && !isNavigation(method, headers)) return undefined;
    const kind = isAsking ? 'status' : 'navigation';
    const acceptLanguage = headers['accept-language'];
    const refreshes = !isAsking && isRefresh(headers, path);
    return { kind, backend, page, acceptLanguage, isRefresh: refreshes, token: token ?? '', since };
  }

  /** What a visit gets at once, without a hold: a page that refreshes itself must not wake again what has just failed. */
  failureFor(visit: Visit): ServerlessError | undefined {
    const end = visit.isRefresh ? this.#watches.of(visit.backend.key)?.end : undefined;
    return end?.kind === 'failed' ? end.error : undefined;
  }

  /** A hold that ends with the page when it has lasted for long enough. */
  untilPage(hold: Hold, { backend, page, isRefresh }: Visit): Held<Outcome | EarlyEnd> {
    const watch = this.#watches.of(backend.key);
    const afterMs = isRefresh ? Math.max(LONGEST_ASK_MS, page.afterMs) : page.afterMs;
    const turns: Promise<Outcome | EarlyEnd>[] = [this.#due(afterMs, hold.outcome)];
    if (isRefresh && watch !== undefined) turns.push(failureOf(watch));
    return endedAlsoBy(hold, ...turns);
  }

  /** The wake-up goes on, and the request is answered with the page. Kong does not return from it. */
  async show(kong: Kong, visit: Visit, hold: Hold): Promise<void> {
    const estimate = this.keep(visit.backend, hold, visit.since);
    await this.#answer(kong, visit, { kind: 'waking', estimate });
  }

  /** The wake-up goes on although its request has its answer. @returns how long it takes */
  keep(backend: Backend, hold: Hold, since: number): Estimate {
    return this.#estimate(backend, this.#watches.keep(backend.key, hold, since));
  }

  /** Says on a page what went wrong. False: that is not for people, and the request is not answered. */
  async showFailure(kong: Kong, visit: Visit, error: ServerlessError): Promise<boolean> {
    const progress = failed(error);
    if (progress === undefined) return false;
    if (visit.kind === 'navigation') await this.#answer(kong, visit, progress);
    // The page comes again, to whoever answers then.
    else await tell(kong, 'unknown');
    return true;
  }

  /** Answers a page that asks how it goes: as soon as there is something to say. Wakes nothing. */
  async tellStatus(kong: Kong, visit: Visit, context: PhaseContext | undefined): Promise<void> {
    const { backend, token } = visit;
    if (!this.#watches.isToken(backend.key, token)) return tell(kong, 'unknown');
    const watch = this.#watches.of(backend.key);
    // It has ended well, or was forgotten: to come again is the way to know.
    if (watch === undefined) return tell(kong, 'ready');
    if (watch.askers >= backend.policy.maxHeld) return this.#tellProgress(kong, visit, watch, PAUSE_MS);
    watch.askers += 1;
    context?.holds();
    const changesInMs = this.#estimate(backend, watch).changesInMs ?? LONGEST_ASK_MS;
    const change = this.#due(Math.min(LONGEST_ASK_MS, changesInMs), watch.ended);
    const turn = await keepAlive(Promise.race([watch.ended, change]), kong, context?.signal, this.#parts.clock).finally(
      () => {
        watch.askers -= 1;
      },
    );
    if (turn === undefined) return;
    await this.#tellEnd(kong, visit, watch, turn);
  }

  /** Ends the holds that are kept: this process leaves, and pages come again to its successor. */
  close(): void {
    this.#watches.close();
  }

  async #tellEnd(kong: Kong, visit: Visit, watch: Watch, turn: Ended | EarlyEnd): Promise<void> {
    if (turn.kind === 'ready') return tell(kong, 'ready');
    if (turn.kind !== 'failed') return this.#tellProgress(kong, visit, watch, 0);
    const progress = failed(turn.error);
    if (progress === undefined) return tell(kong, 'ready');
    await tell(kong, 'failed', statusOf(visit.acceptLanguage, visit.page, progress));
  }

  async #tellProgress(
    kong: Kong,
    { acceptLanguage, page, backend }: Visit,
    watch: Watch,
    pause: number,
  ): Promise<void> {
    const progress: Progress = { kind: 'waking', estimate: this.#estimate(backend, watch) };
    await tell(kong, 'waiting', { ...statusOf(acceptLanguage, page, progress), pause });
  }

  async #answer(kong: Kong, { page, acceptLanguage, backend }: Visit, progress: Progress): Promise<void> {
    const template = page.template === undefined ? undefined : await this.#parts.templates.read(page.template);
    const token = this.#watches.token(backend.key);
    const { status, body, headers } = render({ page, template, acceptLanguage, token, progress });
    await kong.response.exit(status, body, headers);
  }

  #estimate(backend: Backend, { since }: Watch): Estimate {
    const { coldStarts } = this.#parts.registry.get(backend).status();
    return estimate(
      this.#parts.clock.now() - since,
      coldStarts.map(({ readyMs }) => readyMs),
    );
  }

  #due(afterMs: number, otherwise: Promise<unknown>): Promise<EarlyEnd> {
    return dueAfter<EarlyEnd>(this.#parts.clock, afterMs, { kind: 'page' }, otherwise);
  }
}

/** Settles only where the watch fails. */
function failureOf({ ended }: Watch): Promise<Outcome> {
  return new Promise((resolve) => {
    void ended.then((end) => {
      if (end.kind === 'failed') resolve({ kind: 'rejected', error: end.error });
    });
  });
}

function failed(error: ServerlessError): Progress | undefined {
  const failure = FAILURES[error.code];
  return failure && { kind: 'failed', failure, retryAfter: retryAfterOf(error) };
}

/** The answer to a page that asks. Not an error, so that no browser logs one. */
async function tell(kong: Kong, state: 'waiting' | 'failed' | 'unknown' | 'ready', status?: PageStatus): Promise<void> {
  await kong.response.exit(200, JSON.stringify(status ?? {}), {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Serverless-Waiting': state,
  });
}

function firstValues(headers: unknown): Headers {
  if (typeof headers !== 'object' || headers === null) return {};
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]): [string, string | undefined] => {
      const first: unknown = Array.isArray(value) ? value[0] : value;
      return [name.toLowerCase(), typeof first === 'string' ? first : undefined];
    }),
  );
}
