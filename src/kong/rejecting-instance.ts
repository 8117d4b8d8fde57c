import type { Clock, Logger, OnRejected } from '../core/ports';
import { ServerlessError } from '../core/errors';
import { Quiet } from '../core/quiet';
import type { Kong, PluginInstance } from './contract';
import { reject } from './reject';

/** What a client is told. Not how the gateway is configured: that is in the gateway's log. */
const DETAILS = {
  SERVERLESS_CONFIG_INVALID:
    'The plugin configuration of this route is invalid; the gateway’s log says what to correct.',
  SERVERLESS_INTERNAL: 'The plugin could not be started with this configuration.',
} as const;

/** Kong's log gets the reason this often, however many requests are rejected. */
const QUIET_MS = 1000;

/** What a stand-in tells of what it does. */
export interface Rejecting {
  readonly clock: Clock;
  readonly log: Logger;
  readonly onRejected: OnRejected;
}

/**
 * Stands in for an instance that cannot exist, because Kong accepted a configuration that we cannot, or because starting it failed.
 * It rejects every request, so that none reaches a sleeping backend, and writes the reason to Kong's log.
 *
 * StartInstance cannot be answered with an error instead: Kong 2.8 takes it for an instance without an id, and every further request
 * of that nginx worker waits for the id in a loop that never ends, at 100 % CPU (K7, read in mp_rpc.lua `call_start_instance`).
 */
export class RejectingInstance implements PluginInstance {
  readonly #error: ServerlessError;
  readonly #reason: string;
  readonly #tell: Rejecting;
  readonly #quiet = new Quiet(QUIET_MS);

  constructor(code: keyof typeof DETAILS, reason: string, tell: Rejecting) {
    this.#error = new ServerlessError(code, DETAILS[code]);
    this.#reason = reason;
    this.#tell = tell;
    tell.log.error({ code, reason }, 'a plugin instance cannot run: it rejects every request with 503');
  }

  async access(kong: Kong): Promise<void> {
    try {
      this.#tell.onRejected(this.#error.code);
      await this.#tellOperator(kong);
      await reject(kong, this.#error);
    } catch (error) {
      this.#tell.log.error({ err: error }, 'a request could not be answered');
    }
  }

  async #tellOperator(kong: Kong): Promise<void> {
    if (!this.#quiet.allows(this.#tell.clock.now())) return;
    await kong.log.err(`serverless: ${this.#error.code}: ${this.#reason}`);
  }
}
