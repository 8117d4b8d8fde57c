import { ServerlessError } from '../core/errors';
import type { Clock, Logger, OnRejected } from '../core/ports';
import type { PluginModule } from '../kong/contract';
import { rejectCall } from '../kong/reject';
import { encodeError, encodeEvent, encodeResult, encodeValue } from '../rpc/messages';
import type { ConnectionHandler, OpenCall } from './connection';
import { Connections } from './connections';
import { Events, type ToldOfPhases } from './events';
import { STANDBY_METHOD, type Succession } from './hand-over';
import { Instances } from './instances';
import { beginAnew, CallError, PluginMethods, unknownInstance } from './plugin-methods';

export interface RpcServerOptions extends ToldOfPhases {
  readonly module: PluginModule;
  readonly succession: Succession;
  readonly clock: Clock;
  readonly log: Logger;
  /** An instance without a request for so long is forgotten. Default 10 minutes. */
  readonly instanceExpiryMs?: number;
}

const INSTANCE_EXPIRY_MS = 600_000;
/** How often unused instances and lost events are looked for, while there are any. */
const SWEEP_MS = 30_000;

/**
 * Kong's plugin server protocol: MessagePack RPC, the plugin's instances, and the events under way. It knows connections, not the
 * socket they come to, so it serves whatever socket the process owns.
 */
export class RpcServer implements ConnectionHandler {
  readonly connections: Connections;
  readonly events: Events;
  readonly instances: Instances;
  readonly #plugin: PluginMethods;
  readonly #succession: Succession;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onRejected: OnRejected;
  #cancelSweep: (() => void) | undefined;
  /** A map, not an object: `plugin.constructor` is a method that does not exist. */
  readonly #methods: ReadonlyMap<string, (argument: unknown) => unknown>;

  constructor(options: RpcServerOptions) {
    const { module, succession, onRejected, onServed, clock, log, instanceExpiryMs = INSTANCE_EXPIRY_MS } = options;
    this.#succession = succession;
    this.#clock = clock;
    this.#log = log;
    this.#onRejected = onRejected;
    this.connections = new Connections(this, clock, log);
    this.events = new Events(clock, log, { onRejected, onServed });
    this.instances = new Instances(clock, instanceExpiryMs);
    const plugin = new PluginMethods(module, this.instances, { clock, log, onRejected });
    this.#plugin = plugin;
    this.#methods = new Map<string, (argument: unknown) => unknown>([
      ['plugin.StartInstance', (args) => plugin.startInstance(args)],
      ['plugin.CloseInstance', (id) => plugin.closeInstance(id)],
      ['plugin.InstanceStatus', (id) => plugin.instanceStatus(id)],
      ['plugin.GetStatus', () => plugin.getStatus()],
      ['plugin.GetPluginInfo', (name) => plugin.getPluginInfo(name)],
    ]);
  }

  /** Sends every request to the process that has the socket now, and Kong's connections with them. */
  redirect(): void {
    this.connections.askToClose();
    for (const call of this.events.abandon()) this.#fail(call, beginAnew('here any more'));
  }

  /** Closes every connection once what was answered is sent, and stops the timer. */
  close(): void {
    this.connections.end();
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
  }

  called(call: OpenCall): void {
    if (call.method === 'plugin.HandleEvent') {
      this.#handleEvent(call);
      return;
    }
    const method = this.#methods.get(call.method);
    if (method !== undefined) {
      this.#answer(call, () => method(call.argument));
    } else if (call.method.startsWith('plugin.Step')) {
      // Kong names it after the kind of result: StepRoute, StepMultiMap, ...; a result may even name it itself.
      this.#step(call);
    } else if (call.method === STANDBY_METHOD) {
      this.#succession.standBy(call);
    } else {
      this.#fail(call, new CallError(`no method ${call.method}`));
    }
  }

  unreadable(call: OpenCall, reason: string): void {
    if (call.method === 'plugin.StartInstance') {
      this.#answer(call, () => this.#plugin.startRejecting(`a configuration is ${reason}`));
    } else if (call.method.startsWith('plugin.Step')) {
      this.#reject(call, 'The plugin server could not read what the gateway answered.');
    } else {
      this.#fail(call, new CallError(`this call is ${reason}`));
    }
  }

  #handleEvent(call: OpenCall): void {
    const event = call.argument as { InstanceId?: unknown; EventName?: unknown } | null | undefined;
    const hasSuccessor = this.#succession.hasSuccessor();
    if (hasSuccessor) call.askToClose();
    const instance = hasSuccessor ? undefined : this.instances.use(event?.InstanceId);
    if (instance === undefined) {
      this.#fail(call, unknownInstance(event?.InstanceId));
    } else if (event?.EventName !== 'access') {
      this.#fail(call, new CallError(`no phase ${String(event?.EventName)} in this plugin`));
    } else {
      this.events.begin(instance, call);
    }
  }

  #step(call: OpenCall): void {
    const step = call.argument as { EventId?: unknown; Data?: unknown } | null | undefined;
    const isError = call.method === 'plugin.StepError';
    const known = isError
      ? this.events.step(step?.EventId, call, undefined, step?.Data ?? 'unknown error')
      : this.events.step(step?.EventId, call, step?.Data, undefined);
    // The process that had begun it is gone, or has handed it over: Kong begins it anew. Any other error lets the request through.
    if (!known) this.#fail(call, beginAnew(`for event ${String(step?.EventId)}`));
  }

  #answer(call: OpenCall, method: () => unknown): void {
    let result: unknown;
    try {
      result = method();
    } catch (error) {
      this.#fail(call, error);
      return;
    }
    call.answer(encodeResult(call.msgid, result));
    this.#sweepLater();
  }

  #fail(call: OpenCall, error: unknown): void {
    if (error instanceof CallError)
      this.#log.debug({ reason: error.message }, 'a call of Kong is answered with an error');
    else this.#log.error({ err: error }, 'a call of Kong failed');
    call.answer(encodeError(call.msgid, error instanceof Error ? error.message : String(error)));
  }

  /** Ends a request of which nothing is known but that Kong waits for it. */
  #reject(call: OpenCall, detail: string): void {
    this.#onRejected('SERVERLESS_INTERNAL');
    const exit = encodeValue(rejectCall(new ServerlessError('SERVERLESS_INTERNAL', detail)));
    call.answer(encodeEvent(call.msgid, 0, exit));
  }

  /** A timer exists only while there is something to look after. An event implies an instance, for it is younger. */
  #sweepLater(): void {
    if (this.#cancelSweep !== undefined || this.instances.size + this.events.size === 0) return;
    this.#cancelSweep = this.#clock.after(SWEEP_MS, () => {
      this.#cancelSweep = undefined;
      const expired = this.instances.expire();
      if (expired > 0) this.#log.debug({ expired }, 'unused plugin instances were forgotten');
      this.events.expire();
      this.#sweepLater();
    });
  }
}
