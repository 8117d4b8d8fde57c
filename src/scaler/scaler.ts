import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { Counter, type Exposition, Reading } from '../adapters/exposition';
import { SCALER_INSTRUMENTS } from '../adapters/instruments';
import type { Clock, Logger } from '../core/ports';
import type { Tracer } from '../core/tracing';
import { externalScalerDefinition } from './contract';
import { Demand } from './demand';
import { ExternalScaler } from './external-scaler';
import { type Delivery, Inbox } from './inbox';
import { readMessage, traceOf } from './message';
import { Peers } from './peers';
import type { ScalerSettings } from './settings';
import { statusOf } from './status';
import { topicName } from './trigger';

/** Open calls and answers have so long to end, milliseconds. */
const DRAIN_MS = 5000;

/** The running scaler. */
export class Scaler {
  readonly #demand = new Demand();
  readonly #settings: ScalerSettings;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #tracer: Tracer | undefined;
  readonly #external: ExternalScaler;
  readonly #inbox: Inbox;
  readonly #peers: Peers | undefined;
  readonly #grpc = new Server();
  readonly #messages = new Counter(SCALER_INSTRUMENTS.messages);
  readonly #readings: readonly Exposition[];
  #ready = false;

  /** @param tracer undefined where there are no traces */
  constructor(settings: ScalerSettings, clock: Clock, logger: Logger, tracer?: Tracer) {
    this.#settings = settings;
    this.#clock = clock;
    this.#logger = logger;
    this.#tracer = tracer;
    this.#external = new ExternalScaler(this.#demand, clock, logger);
    const { streams, topics, activeTopics } = SCALER_INSTRUMENTS;
    const active = (): number =>
      this.#demand.topics().filter((topic) => this.#demand.wanted(topic, clock.now()).active).length;
    this.#readings = [
      new Reading(streams, () => this.#external.streams),
      new Reading(topics, () => this.#demand.size),
      new Reading(activeTopics, active),
    ];
    this.#inbox = new Inbox({
      token: settings.token,
      subscriptions: settings.subscriptions,
      isReady: () => this.#ready,
      metrics: () => [this.#messages, ...this.#readings].flatMap((one) => [...one.lines('prometheus')]).join(''),
      status: () => statusOf(this.#demand, this.#external, settings, this.#ready, clock.now()),
      deliver: (delivery) => {
        this.#deliver(delivery);
      },
      logger,
    });
    this.#peers = settings.peers && new Peers(settings.peers, settings.token, clock, logger);
  }

  /** Listens. Returns the ports, which the system may have chosen. @throws Error where it cannot */
  async start(): Promise<{ readonly grpc: number; readonly http: number }> {
    const { grpcListen, httpListen } = this.#settings;
    this.#grpc.addService(externalScalerDefinition(), this.#external.implementation);
    const grpcPort = await new Promise<number>((resolve, reject) => {
      this.#grpc.bindAsync(at(grpcListen), this.#credentials(), (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
    await new Promise<void>((resolve, reject) => {
      this.#inbox.server.once('error', reject);
      this.#inbox.server.listen(httpListen.port, httpListen.host, resolve);
    });
    this.#ready = true;
    const ports = { grpc: grpcPort, http: (this.#inbox.server.address() as AddressInfo).port };
    this.#logger.info(ports, 'the scaler listens');
    return ports;
  }

  /** Ends what is open, and well, then stops. Messages that come meanwhile count for the other replicas. */
  async stop(): Promise<void> {
    this.#ready = false;
    this.#external.endStreams();
    const ended = new Promise<void>((resolve) => {
      this.#grpc.tryShutdown(() => {
        resolve();
      });
    });
    const closed = new Promise((resolve) => this.#inbox.server.close(resolve));
    this.#inbox.server.closeIdleConnections();
    const late = new Promise<void>((resolve) => {
      this.#clock.after(DRAIN_MS, resolve);
    });
    await Promise.race([Promise.all([ended, closed]), late]);
    this.#grpc.forceShutdown();
    this.#inbox.server.closeAllConnections();
    await this.#tracer?.close();
  }

  #deliver({ way, pubsub, topic, data, ttlSeconds, forward }: Delivery): void {
    const name = topicName(pubsub, topic);
    this.#demand.record(name, readMessage(data, ttlSeconds), this.#clock.now());
    this.#messages.add([way]);
    this.#external.wake(name, this.#span(way, topic, data));
    if (forward !== undefined) this.#peers?.forward(forward);
  }

  /** How long a wake-up takes from here to KEDA, in the trace of the request that it is for. Undefined: no trace is asked for. */
  #span(way: Delivery['way'], topic: string, data: unknown): ((streams: number) => void) | undefined {
    const parent = this.#tracer && traceOf(data);
    if (parent === undefined) return undefined;
    const attributes = { 'messaging.system': 'dapr', 'messaging.destination.name': topic, 'serverless.way': way };
    const span = this.#tracer?.start({ name: 'wake', parent, since: this.#clock.now(), attributes });
    return (streams) => span?.end({ 'serverless.streams': streams });
  }

  #credentials(): ServerCredentials {
    const { tls } = this.#settings;
    if (tls === undefined) return ServerCredentials.createInsecure();
    const ca = tls.clientCa === undefined ? null : readFileSync(tls.clientCa);
    const pair = { cert_chain: readFileSync(tls.cert), private_key: readFileSync(tls.key) };
    return ServerCredentials.createSsl(ca, [pair], ca !== null);
  }
}

function at({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
