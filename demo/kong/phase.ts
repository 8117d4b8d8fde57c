import { messageOf } from '../error-message';
import type { Journal } from '../journal';
import { Instances } from './instances';
import type { PluginConfig } from './instances';
import { callPdk } from './pdk';
import type { Exchange } from './pdk';
import { RpcError } from './rpc';
import type { PluginRpc } from './rpc';
import type { KongVersion } from './version';

/** What the plugin server answers to HandleEvent and to each Step: `ret`, or the PDK call that it wants made. */
interface PhaseReply {
  readonly EventId: unknown;
  readonly Data: 'ret' | { readonly Method: string; readonly Args?: readonly unknown[] };
}

/** Runs a plugin's phases for requests, as one nginx worker of Kong does. */
export class PhaseRunner {
  readonly #instances: Instances;
  readonly #rpc: PluginRpc;
  readonly #journal: Journal;

  constructor(plugin: string, version: KongVersion, rpc: PluginRpc, journal: Journal) {
    this.#rpc = rpc;
    this.#journal = journal;
    this.#instances = new Instances(plugin, version, rpc);
  }

  /**
   * The access phase of one request. An error of the plugin server is logged and the request is proxied, as in Kong: a plugin that
   * wants to fail closed must answer. Throws PdkError, RpcProtocolError and StartError, for which Kong answers 500.
   */
  async access(config: PluginConfig, exchange: Exchange): Promise<void> {
    try {
      const id = await this.#instances.idFor(config);
      await this.#run(id, exchange);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (exchange.clientLeft.aborted) return;
      this.#journal.error('gateway', `plugin server: ${messageOf(error)}`);
      if (/no plugin instance/i.test(error.message)) {
        this.#instances.reset(config);
        await this.access(config, exchange);
      }
    }
  }

  async #run(instanceId: unknown, exchange: Exchange): Promise<void> {
    const signal = exchange.clientLeft;
    let reply = (await this.#rpc.call(
      'plugin.HandleEvent',
      { InstanceId: instanceId, EventName: 'access' },
      signal,
    )) as PhaseReply;
    const eventId = reply.EventId;
    while (reply.Data !== 'ret') {
      const result = callPdk(reply.Data.Method, reply.Data.Args ?? [], exchange, this.#journal);
      // kong.response.exit ends the phase in Kong: no further call for this event reaches the plugin server (K3).
      if (exchange.answered) return;
      reply = (await this.#rpc.call('plugin.Step', { EventId: eventId, Data: result }, signal)) as PhaseReply;
    }
  }
}
