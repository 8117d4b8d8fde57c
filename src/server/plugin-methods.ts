import type { PluginInstance, PluginModule } from '../kong/contract';
import { type PluginInfo, pluginInfo } from '../kong/plugin-info';
import { type Rejecting, RejectingInstance } from '../kong/rejecting-instance';
import type { Instances } from './instances';

/** An error that is the answer of a call, rather than a fault of this server. Kong logs its message. */
export class CallError extends Error {
  override readonly name = 'CallError';
}

/** Kong takes every error with these words as a reason to start the instance anew, and the phase with it (mp_rpc.lua, `handle_event`). */
export function beginAnew(why: string): CallError {
  return new CallError(`no plugin instance ${why}`);
}

export function unknownInstance(id: unknown): CallError {
  return beginAnew(`#${String(id)}`);
}

interface InstanceAnswer {
  readonly Name: string;
  readonly Id: number;
  /** Empty: Kong keeps it for as long as the instance, and reads nothing of it. */
  readonly Config: Record<string, never>;
  /** Seconds since 1970. */
  readonly StartTime: number;
}

/** The calls that manage the plugin and its instances, as kong-pdk's server answers them. */
export class PluginMethods {
  readonly #loadTime = seconds();
  #lastStart: number | null = null;
  #lastClose: number | null = null;
  readonly #module: PluginModule;
  readonly #instances: Instances;
  readonly #tell: Rejecting;

  constructor(module: PluginModule, instances: Instances, tell: Rejecting) {
    this.#module = module;
    this.#instances = instances;
    this.#tell = tell;
  }

  /** Never fails: see `RejectingInstance`. */
  startInstance(args: unknown): InstanceAnswer {
    this.#lastStart = seconds();
    const id = this.#instances.add(this.#make(args), this.#lastStart);
    this.#tell.log.debug({ instance: id, instances: this.#instances.size }, 'plugin instance started');
    return this.#describe(id, this.#lastStart);
  }

  /** As `startInstance`, for a call that could not be read. */
  startRejecting(reason: string): InstanceAnswer {
    this.#lastStart = seconds();
    return this.#describe(this.#instances.add(this.#rejecting(reason), this.#lastStart), this.#lastStart);
  }

  closeInstance(id: unknown): InstanceAnswer {
    const startTime = this.#instances.startTime(id);
    if (startTime === undefined) throw unknownInstance(id);
    this.#instances.remove(id);
    this.#lastClose = seconds();
    this.#tell.log.debug({ instance: id, instances: this.#instances.size }, 'plugin instance closed');
    return this.#describe(id as number, startTime);
  }

  instanceStatus(id: unknown): InstanceAnswer {
    const startTime = this.#instances.startTime(id);
    if (startTime === undefined) throw unknownInstance(id);
    return this.#describe(id as number, startTime);
  }

  getStatus(): object {
    const { Name } = this.#module;
    return {
      Pid: process.pid,
      Plugins: {
        [Name]: {
          Name,
          LoadTime: this.#loadTime,
          Instances: this.#instances.ids().map((id) => this.instanceStatus(id)),
          LastStartInstance: this.#lastStart,
          LastCloseInstance: this.#lastClose,
        },
      },
    };
  }

  getPluginInfo(name: unknown): PluginInfo {
    if (name !== this.#module.Name) throw new CallError(`no plugin ${String(name)}`);
    return pluginInfo(this.#module);
  }

  #make(args: unknown): PluginInstance {
    const { Name, Config } = (args ?? {}) as { Name?: unknown; Config?: unknown };
    if (Name !== this.#module.Name) return this.#rejecting(`there is no plugin ${String(Name)} in this server`);
    try {
      return new this.#module.Plugin(JSON.parse(String(Config)));
    } catch (error) {
      return this.#rejecting(`a plugin instance could not be started: ${String(error)}`);
    }
  }

  #rejecting(reason: string): PluginInstance {
    return new RejectingInstance('SERVERLESS_INTERNAL', reason, this.#tell);
  }

  #describe(id: number, startTime: number): InstanceAnswer {
    return { Name: this.#module.Name, Id: id, Config: {}, StartTime: startTime };
  }
}

function seconds(): number {
  return Date.now() / 1000;
}
