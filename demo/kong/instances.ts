import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../error-message';
import { RpcError } from './rpc';
import type { PluginRpc } from './rpc';
import type { KongVersion } from './version';

/** A plugin's configuration in the gateway. Kong's `__key__` and `__seq__` tell whether an instance is up to date. */
export interface PluginConfig {
  readonly __key__: string;
  readonly __seq__: number;
  readonly route_id: string;
  readonly [field: string]: unknown;
}

/** Kong 3.x asks this often whether the instance that it waits for has started, and gives up after so many times. */
const CLAIM_STEP_MS = 100;
const CLAIM_STEPS = 100;

/** An instance could not be started: Kong 3.x answers the request 500. */
export class StartError extends Error {}

interface Instance {
  readonly seq: number;
  readonly id: Promise<unknown>;
  started: boolean;
}

/**
 * The plugin instances of one nginx worker (kong/runloop/plugin_servers, K12): one per configuration, started by its first request
 * while later ones wait, and closed when a newer configuration replaces it.
 *
 * One difference from 2.8 is deliberate: after a failed start, later requests of the worker spin forever there (K7); here they try
 * again.
 */
export class Instances {
  readonly #running = new Map<string, Instance>();
  readonly #plugin: string;
  readonly #version: KongVersion;
  readonly #rpc: PluginRpc;

  constructor(plugin: string, version: KongVersion, rpc: PluginRpc) {
    this.#plugin = plugin;
    this.#version = version;
    this.#rpc = rpc;
  }

  /** The instance for a configuration. Throws RpcError, or StartError in 3.x, when it cannot be started. */
  async idFor(config: PluginConfig): Promise<unknown> {
    const known = this.#running.get(config.__key__);
    if (known?.seq === config.__seq__) {
      if (known.started || !this.#version.isThree) return known.id;
      return this.#claim(known, config);
    }
    const instance: Instance = { seq: config.__seq__, id: this.#start(config), started: false };
    this.#running.set(config.__key__, instance);
    try {
      const id = await instance.id;
      instance.started = true;
      if (known !== undefined) await this.#close(known.id);
      return id;
    } catch (error) {
      this.reset(config);
      throw this.#version.isThree ? new StartError(messageOf(error)) : error;
    }
  }

  /** Forgets an instance that the plugin server does not know. */
  reset(config: PluginConfig): void {
    if (this.#running.get(config.__key__)?.seq === config.__seq__) this.#running.delete(config.__key__);
  }

  /** Waits in steps for an instance that another request starts. Where that failed, this one tries. */
  async #claim(instance: Instance, config: PluginConfig): Promise<unknown> {
    for (let step = 0; step < CLAIM_STEPS; step += 1) {
      await sleep(CLAIM_STEP_MS);
      if (instance.started || this.#running.get(config.__key__) !== instance) return this.idFor(config);
    }
    this.reset(config);
    throw new RpcError(`Could not claim instance_id for ${this.#plugin} (key: ${config.__key__})`);
  }

  async #start(config: PluginConfig): Promise<unknown> {
    const keys = this.#version.isThree ? { __plugin_id: idOf(config.__key__), __ws_id: idOf('default') } : {};
    const Config = JSON.stringify({ ...config, ...keys });
    const status = await this.#rpc.call('plugin.StartInstance', { Name: this.#plugin, Config });
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

/** The same UUID for the same name. */
function idOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
