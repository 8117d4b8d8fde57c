import type { Activator } from '../activation/activator';
import type { Outcome } from '../activation/arrival';
import type { Registry } from '../activation/registry';
import type { Logger, OnRejected } from '../core/ports';
import type { OwnProbes } from '../adapters/own-probes';
import { PROBE_HEADER } from '../adapters/own-probes';
import type { Backend } from '../core/backend';
import { ServerlessError } from '../core/errors';
import { isNoWake, matchBackend } from '../core/match';
import type { Clock } from '../core/ports';
import { UNKNOWN_WORKER } from '../core/reports';
import { headerOf, originOf } from './request-origin';
import type { Kong, PhaseContext, PluginInstance } from '../kong/contract';
import { reject } from '../kong/reject';
import { waitFor } from './hold';

/** While everything is open, a request's path is asked for this often at the most; in between, requests are only counted. */
const SAMPLE_MS = 100;
/** An error that goes on is repeated in Kong's log this often. */
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
}

/** One valid configuration on one nginx worker: the access phase. */
export class ServerlessInstance implements PluginInstance {
  #worker: number | undefined;
  #sampledAt = -Infinity;
  /** Requests let through since the last sample. */
  #unsampled = 0;
  #loggedAt = -Infinity;

  constructor(
    private readonly backends: readonly Backend[],
    private readonly parts: PluginParts,
  ) {
    for (const backend of backends) parts.registry.configure(backend);
  }

  access(kong: Kong, context?: PhaseContext): Promise<void> | void {
    try {
      if (this.#passesUnasked()) {
        this.#unsampled += 1;
        return;
      }
    } catch (error) {
      return this.#fail(kong, context?.signal, error);
    }
    return this.#decide(kong, context?.signal).catch((error: unknown) => this.#fail(kong, context?.signal, error));
  }

  /** Whether whatever this request asks for is open on this worker, so that nothing has to be known about it (K14). */
  #passesUnasked(): boolean {
    const worker = this.#worker;
    const { clock, ownProbes, registry } = this.parts;
    // One of our own probes is no request, and must be met to learn which worker served it.
    if (worker === undefined || ownProbes.any || clock.now() - this.#sampledAt >= SAMPLE_MS) return false;
    for (const backend of this.backends) if (!registry.get(backend).isOpen(worker)) return false;
    return true;
  }

  async #decide(kong: Kong, signal: AbortSignal | undefined): Promise<void> {
    const { clock, registry, ownProbes } = this.parts;
    const worker = (this.#worker ??= Number(await kong.nginx.get_var('pid')) || UNKNOWN_WORKER);
    const path = await kong.request.get_path();
    if (ownProbes.expects(path)) {
      const ticket = await headerOf(kong, PROBE_HEADER);
      if (ticket !== undefined && ownProbes.met(ticket, worker)) {
        await kong.service.request.clear_header(PROBE_HEADER);
        return;
      }
    }
    const requests = 1 + this.#unsampled;
    this.#unsampled = 0;
    this.#sampledAt = clock.now();
    const backend = matchBackend(this.backends, path);
    if (backend === undefined) return;
    const wakes = !(await this.#isNoWake(backend, path, kong));
    const activator = registry.get(backend);
    if (activator.isOpen(worker)) {
      if (wakes) activator.passed(requests, worker);
      return;
    }
    if (this.parts.draining()) {
      const error = new ServerlessError('SERVERLESS_SHUTTING_DOWN', 'This gateway is going away; try again.', {
        backend: backend.target,
      });
      await this.#refuse(kong, error);
      return;
    }
    await this.#enter(activator, backend, worker, wakes, kong, signal);
  }

  async #enter(
    activator: Activator,
    backend: Backend,
    worker: number,
    wakes: boolean,
    kong: Kong,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const origin = activator.wantsOrigin ? originOf(kong, backend) : undefined;
    const entered = activator.enter({ worker, wakes, ...(origin === undefined ? {} : { origin }) });
    if (!('outcome' in entered)) await origin?.catch(() => undefined);
    const outcome = 'outcome' in entered ? await waitFor(entered, kong, signal, this.parts.clock, origin) : entered;
    if (outcome !== undefined) await this.#conclude(kong, backend, outcome);
  }

  async #conclude(kong: Kong, backend: Backend, outcome: Outcome): Promise<void> {
    if (outcome.kind === 'released') {
      if (outcome.heldMs > 0) await kong.response.set_header('X-Serverless-Cold-Start', Math.round(outcome.heldMs));
      return;
    }
    const { error } = outcome;
    if (error.code === 'SERVERLESS_HOLD_TIMEOUT' && backend.onTimeout === 'pass') return;
    await this.#refuse(kong, error);
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

  async #refuse(kong: Kong, error: ServerlessError): Promise<void> {
    if (error.code !== 'SERVERLESS_NO_WAKE') await this.#tellOperator(kong, error);
    this.parts.onRejected(error.code);
    await reject(kong, error);
  }

  /** Also through Kong's log: our own is out of sight when Kong manages this process (K15). */
  async #tellOperator(kong: Kong, error: ServerlessError): Promise<void> {
    const now = this.parts.clock.now();
    if (now - this.#loggedAt < QUIET_MS) return;
    this.#loggedAt = now;
    const { backend, lastProbe, lastPublish } = error.context;
    this.parts.logger.warn({ code: error.code, backend, lastProbe, lastPublish }, error.detail);
    const facts = JSON.stringify({ backend, lastProbe, lastPublish });
    await kong.log.err(`serverless: ${error.message} ${facts}`);
  }

  /** An exception would make the host let the request through to a backend that may sleep (K10). */
  async #fail(kong: Kong, signal: AbortSignal | undefined, cause: unknown): Promise<void> {
    if (signal?.aborted === true) return;
    this.parts.logger.error({ err: cause }, 'the access phase failed, the request is answered 503');
    const error = new ServerlessError('SERVERLESS_INTERNAL', 'The plugin failed; the gateway’s log says why.');
    await this.#refuse(kong, error).catch((again: unknown) => {
      this.parts.logger.error({ err: again }, 'the request could not be answered');
    });
  }
}
