import { messageOf } from '../events';
import type { Events } from '../events';
import { Instances } from './instances';
import type { PluginConfig } from './instances';
import { callPdk } from './pdk';
import type { Exchange } from './pdk';
import { RpcError } from './rpc';
import type { PluginRpc } from './rpc';

/** What the plugin server answers to HandleEvent and to each step: `ret`, or the PDK call that it wants. */
interface Step {
  readonly EventId: unknown;
  readonly Data: 'ret' | { readonly Method: string; readonly Args?: readonly unknown[] };
}

/** Runs a plugin's phases for requests, as one nginx worker of Kong 2.8 does. */
export class PhaseRunner {
  readonly #instances: Instances;
  readonly #rpc: PluginRpc;
  readonly #events: Events;

  constructor(plugin: string, rpc: PluginRpc, events: Events) {
    this.#rpc = rpc;
    this.#events = events;
    this.#instances = new Instances(plugin, rpc);
  }

  /**
   * The access phase of one request. An error of the plugin server is logged and the request goes on, as in Kong: a plugin that wants
   * to fail closed must answer. Throws PdkError and RpcProtocolError, for which Kong answers 500.
   */
  async access(config: PluginConfig, exchange: Exchange): Promise<void> {
    try {
      const id = await this.#instances.idFor(config);
      await this.#run(id, exchange);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (exchange.clientLeft.aborted) return;
      this.#events.error('gateway', `plugin server: ${messageOf(error)}`);
      if (/no plugin instance/i.test(error.message)) {
        this.#instances.reset(config);
        await this.access(config, exchange);
      }
    }
  }

  async #run(instanceId: unknown, exchange: Exchange): Promise<void> {
    const signal = exchange.clientLeft;
    let step = (await this.#rpc.call(
      'plugin.HandleEvent',
      { InstanceId: instanceId, EventName: 'access' },
      signal,
    )) as Step;
    const eventId = step.EventId;
    while (step.Data !== 'ret') {
      const result = callPdk(step.Data.Method, step.Data.Args ?? [], exchange, this.#events);
      // kong.response.exit ends the phase in Kong: the plugin server hears nothing more of this event (K3).
      if (exchange.answered) return;
      step = (await this.#rpc.call('plugin.Step', { EventId: eventId, Data: result }, signal)) as Step;
    }
  }
}
