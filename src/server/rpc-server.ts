import type { Socket } from 'node:net';
import { ServerlessError } from '../core/errors';
import type { Clock, Logger } from '../core/ports';
import type { PluginModule } from '../kong/contract';
import { Connection, type ConnectionHandler } from './connection';
import { Instances, randomId } from './instances';
import { type Call, encodeError, encodeEvent, encodeResult, encodeValue } from '../rpc/messages';
import { exitCall, PhaseRun, type RunHost } from './phase-run';
import { INVITATION, STANDBY_METHOD } from './socket-owner';
import { CallError, PluginMethods, unknownInstance } from './plugin-methods';

export interface RpcServerOptions {
  readonly module: PluginModule;
  readonly clock: Clock;
  readonly log: Logger;
  /** An instance without a request for so long is forgotten. Default 10 minutes. */
  readonly instanceExpiryMs?: number;
}

const INSTANCE_EXPIRY_MS = 600_000;
/** How often unused instances and lost events are looked for, while there are any. */
const SWEEP_MS = 30_000;
/** Kong runs a PDK call at once. A Step that has not come for so long does not come: its request is gone. */
const STEP_TIMEOUT_MS = 60_000;
/**
 * Kong has one call outstanding on a connection. A second one means that it gave the first up, after 60 s (K1); an
 * answer to that one would reach the wrong request (K2). A phase's heartbeat answers every 20 s, so 30 s are proof enough.
 */
const OVERTAKEN_MS = 30_000;

/**
 * Kong's plugin server protocol: MessagePack RPC, the plugin's instances, and the events that wait for a Step of Kong. It knows
 * connections, not the socket they come to, so it serves whatever socket the process owns.
 */
export class RpcServer implements ConnectionHandler, RunHost {
  private readonly connections = new Set<Connection>();
  private readonly instances: Instances;
  private readonly plugin: PluginMethods;
  /** Runs that wait for a Step, by event id. kong-pdk keeps those that end without one for ever (K3). */
  private readonly events = new Map<number, PhaseRun>();
  /** Random as the first instance id is, so that a Step meant for another process of ours finds nothing here. */
  private nextEventId = randomId();
  /** Processes that wait for this one to go. */
  private readonly standbys = new Set<Connection>();
  private finishing = false;
  private succeeded = (): boolean => false;
  private cancelSweep: (() => void) | undefined;
  /** A map, not an object: `plugin.constructor` is a method that does not exist. */
  private readonly methods: ReadonlyMap<string, (argument: unknown) => unknown>;

  constructor(private readonly options: RpcServerOptions) {
    const { clock, log, module } = options;
    this.instances = new Instances(() => clock.now(), options.instanceExpiryMs ?? INSTANCE_EXPIRY_MS);
    const plugin = new PluginMethods(module, this.instances, log);
    this.plugin = plugin;
    this.methods = new Map<string, (argument: unknown) => unknown>([
      ['plugin.StartInstance', (args) => plugin.startInstance(args)],
      ['plugin.CloseInstance', (id) => plugin.closeInstance(id)],
      ['plugin.InstanceStatus', (id) => plugin.instanceStatus(id)],
      ['plugin.GetStatus', () => plugin.getStatus()],
      ['plugin.GetPluginInfo', (name) => plugin.getPluginInfo(name)],
    ]);
  }

  /** Serves one connection of Kong. */
  accept(socket: Socket): void {
    const connection = new Connection(socket, this, this.options.log);
    if (this.finishing) connection.finish();
    this.connections.add(connection);
  }

  /** Events that this server knows: phases that Kong waits for, and those whose PDK call Kong runs. */
  eventCount(): number {
    let count = this.events.size;
    for (const connection of this.connections) count += connection.waiting.size;
    return count;
  }

  instanceCount(): number {
    return this.instances.size;
  }

  connectionCount(): number {
    return this.connections.size;
  }

  /** Asks a process that stands by to take the socket over. False: there is none. */
  inviteStandby(): boolean {
    for (const connection of this.standbys) {
      connection.send(INVITATION, true);
      return true;
    }
    return false;
  }

  /** Answers every request that is held, as a last resort: Kong lets those through whose connection just ends (K6). */
  refuseHeld(error: ServerlessError): void {
    for (const connection of this.connections) for (const run of [...connection.waiting]) run.refuse(error);
  }

  /**
   * Another process takes the socket over. A request that comes here once it has is sent there, by the answer for which Kong starts
   * the instance anew (K8). Before that, or without such a process, that start would fail and make Kong spin (K7): it is served here.
   *
   * @param succeeded whether the other process has the socket by now
   */
  expectSuccessor(succeeded: () => boolean): void {
    this.succeeded = succeeded;
  }

  /** This server goes: Kong is told to close each connection as soon as it waits for nothing on it, new ones with their first answer. */
  finish(): void {
    this.finishing = true;
    for (const connection of this.connections) {
      // A process that stands by waits for the end of its connection.
      if (this.standbys.has(connection)) connection.end();
      else connection.finish();
    }
  }

  /** Ends every connection once what was answered is sent. */
  close(): void {
    for (const connection of this.connections) connection.end();
    this.cancelSweep?.();
    this.cancelSweep = undefined;
  }

  call(connection: Connection, call: Call): void {
    if (connection.waiting.size > 0) this.dropOvertaken(connection);
    if (call.method === 'plugin.HandleEvent') {
      this.handleEvent(connection, call);
      return;
    }
    const method = this.methods.get(call.method);
    if (method !== undefined) {
      this.answer(connection, call.msgid, () => method(call.args[0]));
    } else if (call.method.startsWith('plugin.Step')) {
      // Kong names it after the kind of result: StepRoute, StepMultiMap, ...; a result may even name it itself.
      this.step(connection, call);
    } else if (call.method === STANDBY_METHOD) {
      this.standBy(connection);
    } else {
      this.fail(connection, call.msgid, new CallError(`no method ${call.method}`));
    }
  }

  private standBy(connection: Connection): void {
    // One that comes too late to be invited finds the name free.
    if (this.finishing) connection.end();
    else this.standbys.add(connection);
  }

  badCall(connection: Connection, call: Pick<Call, 'msgid' | 'method'>, reason: string): void {
    if (call.method === 'plugin.StartInstance') {
      this.answer(connection, call.msgid, () => this.plugin.startFailing(`a configuration is ${reason}`));
    } else if (call.method.startsWith('plugin.Step')) {
      this.exit(connection, call.msgid, 'The plugin server could not read what the gateway answered.');
    } else {
      this.fail(connection, call.msgid, new CallError(`this call is ${reason}`));
    }
  }

  closed(connection: Connection): void {
    this.connections.delete(connection);
    this.standbys.delete(connection);
  }

  now(): number {
    return this.options.clock.now();
  }

  awaitStep(run: PhaseRun): number {
    const id = run.eventId === 0 ? this.nextEventId++ : run.eventId;
    this.events.set(id, run);
    return id;
  }

  forgetStep(run: PhaseRun): void {
    if (run.eventId !== 0) this.events.delete(run.eventId);
  }

  failed(error: unknown): void {
    this.options.log.error({ err: error }, 'the access phase failed; its request is answered 503');
  }

  private handleEvent(connection: Connection, { msgid, args }: Call): void {
    const event = args[0] as { InstanceId?: unknown; EventName?: unknown } | null | undefined;
    const succeeded = this.succeeded();
    if (succeeded) connection.finish();
    const instance = succeeded ? undefined : this.instances.use(event?.InstanceId);
    if (instance === undefined) {
      this.fail(connection, msgid, unknownInstance(event?.InstanceId));
    } else if (event?.EventName !== 'access') {
      this.fail(connection, msgid, new CallError(`no phase ${String(event?.EventName)} in this plugin`));
    } else {
      new PhaseRun(this).start(instance, connection, msgid);
    }
  }

  private step(connection: Connection, { msgid, method, args }: Call): void {
    const step = args[0] as { EventId?: unknown; Data?: unknown } | null | undefined;
    const run = this.events.get(step?.EventId as number);
    if (run === undefined) {
      // Not an error: Kong would log it and let the request through.
      this.options.log.warn(
        { eventId: step?.EventId },
        'Kong continues a request that is not known here; it is answered 503',
      );
      this.exit(connection, msgid, 'The plugin server does not know this request any more.');
    } else if (method === 'plugin.StepError') {
      run.step(connection, msgid, undefined, step?.Data ?? 'unknown error');
    } else {
      run.step(connection, msgid, step?.Data, undefined);
    }
  }

  private answer(connection: Connection, msgid: number, method: () => unknown): void {
    let result: unknown;
    try {
      result = method();
    } catch (error) {
      this.fail(connection, msgid, error);
      return;
    }
    connection.send(encodeResult(msgid, result));
    this.sweepLater();
  }

  private fail(connection: Connection, msgid: number, error: unknown): void {
    if (error instanceof CallError) this.options.log.debug({ reason: error.message }, 'a call of Kong was refused');
    else this.options.log.error({ err: error }, 'a call of Kong failed');
    connection.send(encodeError(msgid, error instanceof Error ? error.message : String(error)));
  }

  /** Ends a request of which nothing is known but that Kong waits for it. */
  private exit(connection: Connection, msgid: number, detail: string): void {
    connection.send(encodeEvent(msgid, 0, encodeValue(exitCall(new ServerlessError('SERVERLESS_INTERNAL', detail)))));
  }

  private dropOvertaken(connection: Connection): void {
    const limit = this.now() - OVERTAKEN_MS;
    for (const run of connection.waiting) {
      if (run.since > limit) continue;
      this.options.log.warn({}, 'Kong did not wait for the end of a phase: its request went on without this plugin');
      run.drop();
    }
  }

  /** A timer exists only while there is something to look after. An event implies an instance, for it is younger. */
  private sweepLater(): void {
    if (this.cancelSweep !== undefined || this.instances.size + this.events.size === 0) return;
    this.cancelSweep = this.options.clock.after(SWEEP_MS, () => {
      this.cancelSweep = undefined;
      const expired = this.instances.expire();
      if (expired > 0) this.options.log.debug({ expired }, 'unused plugin instances were forgotten');
      const limit = this.now() - STEP_TIMEOUT_MS;
      for (const run of this.events.values()) if (run.since <= limit) run.drop();
      this.sweepLater();
    });
  }
}
