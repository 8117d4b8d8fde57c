import type { PluginRpc } from './rpc';

/** A plugin's configuration in the gateway. Kong's `__key__` and `__seq__` tell whether an instance is up to date. */
export interface PluginConfig {
  readonly __key__: string;
  readonly __seq__: number;
  readonly route_id: string;
  readonly [field: string]: unknown;
}

/**
 * The plugin instances of one nginx worker (kong/runloop/plugin_servers/init.lua, K12): one per configuration, started by its first
 * request while later ones wait, and closed when a newer configuration replaces it.
 *
 * One difference is deliberate: after a failed start, later requests of the worker spin forever in Kong 2.8 (K7); here they try
 * again.
 */
export class Instances {
  readonly #running = new Map<string, { readonly seq: number; readonly id: Promise<unknown> }>();
  readonly #plugin: string;
  readonly #rpc: PluginRpc;

  constructor(plugin: string, rpc: PluginRpc) {
    this.#plugin = plugin;
    this.#rpc = rpc;
  }

  /** The instance for a configuration. Throws RpcError when it cannot be started. */
  async idFor(config: PluginConfig): Promise<unknown> {
    const known = this.#running.get(config.__key__);
    if (known?.seq === config.__seq__) return known.id;
    const id = this.#start(config);
    this.#running.set(config.__key__, { seq: config.__seq__, id });
    id.catch(() => {
      this.reset(config);
    });
    const started = await id;
    if (known !== undefined) await this.#close(known.id);
    return started;
  }

  /** Forgets an instance that the plugin server does not know. */
  reset(config: PluginConfig): void {
    if (this.#running.get(config.__key__)?.seq === config.__seq__) this.#running.delete(config.__key__);
  }

  async #start(config: PluginConfig): Promise<unknown> {
    const status = await this.#rpc.call('plugin.StartInstance', { Name: this.#plugin, Config: JSON.stringify(config) });
    return (status as { Id: unknown }).Id;
  }

  async #close(id: Promise<unknown>): Promise<void> {
    try {
      await this.#rpc.call('plugin.CloseInstance', await id);
    } catch {
      // Kong ignores it too: the plugin server may have closed the instance, or have restarted.
    }
  }
}
