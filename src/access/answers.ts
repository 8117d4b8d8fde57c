import type { Entry, Outcome } from '../activation/arrival';
import type { Backend, NoWakeMatcher } from '../core/backend';
import { isAsConfigured, ServerlessError } from '../core/errors';
import type { Clock, Logger, OnRejected } from '../core/ports';
import { Quiet } from '../core/quiet';
import type { Kong, PhaseContext } from '../kong/contract';
import { reject } from '../kong/reject';
import { sendTo } from './destination';
import { fallbackReason, goToFallback } from './fallback';
import type { HoldSpan } from './hold-span';
import { answerStatically } from './no-wake';
import { acceptLater } from './respond-async';
import type { EarlyEnd } from './until';
import type { Visit, WaitingPages } from './waiting-pages';

/** An error that goes on is repeated in Kong's log this often, milliseconds. */
const QUIET_MS = 1000;

/** How a request fares. */
export type End = Outcome | EarlyEnd;

/** A request in its access phase. */
export interface Request {
  readonly kong: Kong;
  readonly context: PhaseContext | undefined;
  readonly backend: Backend;
  /** When it arrived. */
  readonly since: number;
  /** Why it must not wake the backend. */
  readonly noWake?: NoWakeMatcher | undefined;
  /** Undefined: it gets no page. */
  readonly visit?: Visit | undefined;
  /** Its client would rather be told than held for longer, milliseconds. */
  readonly askedWaitMs?: number | undefined;
}

/** What is known of a request that is answered with an error: where the plugin failed, no more than its Kong. */
type Rejected = Pick<Request, 'kong'> & Partial<Pick<Request, 'backend' | 'visit' | 'noWake'>>;

export interface AnswersParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onRejected: OnRejected;
  /** Whether a rejection tells its client why in Dapr's and the probe's own words. */
  readonly showReasons: boolean;
  /** What people see while a backend wakes. */
  readonly pages: WaitingPages;
}

/** What a request gets in the end: it goes on, to wherever that is, or it is answered. */
export class Answers {
  readonly #parts: AnswersParts;
  readonly #quiet = new Quiet(QUIET_MS);

  constructor(parts: AnswersParts) {
    this.#parts = parts;
  }

  /** Lets a request go on, or answers it. */
  async conclude(request: Request, entry: Entry, outcome: End, span: HoldSpan | undefined): Promise<void> {
    const { kong, backend, visit, since } = request;
    const { pages } = this.#parts;
    switch (outcome.kind) {
      case 'released':
        if (outcome.pin !== undefined) await sendTo(kong, outcome.pin);
        if (outcome.heldMs > 0) await kong.response.set_header('X-Serverless-Cold-Start', Math.round(outcome.heldMs));
        if (outcome.heldMs > 0) await span?.passOn(kong);
        return;
      case 'page':
        if (visit !== undefined && entry.kind === 'held') await pages.show(kong, visit, entry);
        return;
      case 'fallback':
        if (entry.kind === 'held') pages.keep(backend, entry, since);
        if (backend.fallback !== undefined) await goToFallback(kong, backend.fallback, 'waking');
        return;
      case 'async': {
        const left = entry.kind === 'held' ? pages.keep(backend, entry, since).secondsLeft : undefined;
        await acceptLater(kong, left);
        return;
      }
      case 'rejected':
        // It may have ended by another's failure: then it waits no more.
        if (entry.kind === 'held') entry.leave();
        if (passesAtDeadline(backend, outcome.error)) await span?.passOn(kong);
        else await this.reject(request, outcome.error);
    }
  }

  /** Answers a request with an error, or sends it to the fallback in its place. */
  async reject({ kong, backend, visit, noWake }: Rejected, error: ServerlessError): Promise<void> {
    if (!isAsConfigured(error.code)) await this.#tellOperator(kong, error);
    const fallback = backend?.fallback;
    const reason = fallbackReason(fallback, error.code);
    if (fallback !== undefined && reason !== undefined) return goToFallback(kong, fallback, reason);
    this.#parts.onRejected(error.code);
    if (visit !== undefined && (await this.#parts.pages.showFailure(kong, visit, error))) return;
    if (error.code === 'SERVERLESS_NO_WAKE' && noWake !== undefined) {
      const { status, answer } = noWake;
      if (answer !== undefined) return answerStatically(kong, status, answer);
      return reject(kong, error.withStatus(status), this.#parts.showReasons);
    }
    await reject(kong, error, this.#parts.showReasons);
  }

  /** An exception would make the host let the request through to a backend that may sleep (K10). */
  async fail(kong: Kong, signal: AbortSignal | undefined, cause: unknown): Promise<void> {
    if (signal?.aborted === true) return;
    this.#parts.logger.error({ err: cause }, 'the access phase failed, the request is answered 503');
    const error = new ServerlessError('SERVERLESS_INTERNAL', 'The plugin failed; the gateway’s log says why.');
    await this.reject({ kong }, error).catch((again: unknown) => {
      this.#parts.logger.error({ err: again }, 'the request could not be answered');
    });
  }

  /** Also through Kong's log: our own is out of sight when Kong manages this process (K15). */
  async #tellOperator(kong: Kong, error: ServerlessError): Promise<void> {
    if (!this.#quiet.allows(this.#parts.clock.now())) return;
    const { backend, lastProbe, lastPublish } = error.context;
    this.#parts.logger.warn({ code: error.code, backend, lastProbe, lastPublish }, error.detail);
    const facts = JSON.stringify({ backend, lastProbe, lastPublish });
    await kong.log.err(`serverless: ${error.message} ${facts}`);
  }
}

function passesAtDeadline({ onTimeout, fallback }: Backend, { code }: ServerlessError): boolean {
  if (code !== 'SERVERLESS_HOLD_TIMEOUT' || onTimeout !== 'pass') return false;
  return fallbackReason(fallback, code) === undefined;
}
