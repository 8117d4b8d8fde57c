import type { ErrorCode } from '../core/errors';
import type { Clock, ColdStart, LateColdStart, Logger, Observer } from '../core/ports';
import { Quiet } from '../core/quiet';
import type { ServiceName } from '../core/service-name';
import { ApiRefusal, askApi } from './api-request';
import type { ApiServer } from './service-account';

/** An Event of one reason, of one Service, this often at most, milliseconds. */
const QUIET_MS = 10_000;
/** Events on their way at a time; what is more is left out. */
const MOST_IN_FLIGHT = 8;
/** Services whose Events are remembered. */
const MOST_REMEMBERED = 1000;

interface Told {
  readonly reason: 'ColdStart' | 'WakeRefused' | 'ColdStartLate';
  readonly type: 'Normal' | 'Warning';
  readonly message: string;
}

/** Writes Kubernetes Events on the Services of backends: that one was woken, and what went wrong with it. */
export class EventObserver implements Observer {
  readonly #api: ApiServer;
  readonly #gateway: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #end = new AbortController();
  readonly #quietOf = new Map<string, Quiet>();
  readonly #quietWarning = new Quiet(QUIET_MS);
  #inFlight = 0;

  /** @param gateway host name of this gateway node */
  constructor(api: ApiServer, gateway: string, clock: Clock, logger: Logger) {
    this.#api = api;
    this.#gateway = gateway;
    this.#clock = clock;
    this.#logger = logger;
  }

  coldStart(backend: string, { service, held, wakeMs, addressMs, readyMs, lane }: ColdStart): void {
    const phases = [
      wakeMs === undefined ? undefined : `woken after ${seconds(wakeMs)}`,
      addressMs === undefined ? undefined : `a pod had its address after ${seconds(addressMs)}`,
      `released after ${seconds(readyMs)}`,
    ].filter((phase) => phase !== undefined);
    const message = `${backend} was woken for ${held === 1 ? 'a request' : `${held} requests`}: ${phases.join(', ')} (lane: ${lane})`;
    this.#tell(service, { reason: 'ColdStart', type: 'Normal', message });
  }

  coldStartLate(backend: string, code: ErrorCode, { service, sinceMs, wakeMs, addressMs }: LateColdStart): void {
    const refused = code === 'SERVERLESS_WAKE_REFUSED';
    const so =
      wakeMs === undefined
        ? 'nobody took the wake-up'
        : addressMs === undefined
          ? 'the wake-up was taken, and no pod has been seen'
          : 'a pod was there, and did not pass its probe';
    const message = `${backend}: requests are answered ${code} after ${seconds(sinceMs)}: ${so}`;
    this.#tell(service, { reason: refused ? 'WakeRefused' : 'ColdStartLate', type: 'Warning', message });
  }

  settled(): void {
    // Events are for what happens to a backend, not to a request.
  }

  renewed(): void {
    // As usual as requests.
  }

  probed(): void {
    // In the cold start's Event.
  }

  published(): void {
    // Likewise.
  }

  rejected(): void {
    // Likewise.
  }

  /** Gives up what is on its way. */
  close(): void {
    this.#end.abort();
  }

  #tell(service: ServiceName | undefined, told: Told): void {
    if (service === undefined || this.#inFlight >= MOST_IN_FLIGHT) return;
    const key = `${service.namespace}/${service.name} ${told.reason}`;
    if (!this.#quietFor(key).allows(this.#clock.now())) return;
    this.#inFlight += 1;
    void this.#write(service, told).finally(() => (this.#inFlight -= 1));
  }

  #quietFor(key: string): Quiet {
    const known = this.#quietOf.get(key);
    if (known !== undefined) return known;
    // However many Services come and go.
    if (this.#quietOf.size >= MOST_REMEMBERED) this.#quietOf.clear();
    const quiet = new Quiet(QUIET_MS);
    this.#quietOf.set(key, quiet);
    return quiet;
  }

  /** Never rejects. */
  async #write({ name, namespace }: ServiceName, { reason, type, message }: Told): Promise<void> {
    const at = this.#clock.wall();
    const body = {
      ...{ apiVersion: 'v1', kind: 'Event', metadata: { generateName: `${name}.`, namespace } },
      involvedObject: { apiVersion: 'v1', kind: 'Service', name, namespace },
      ...{ reason, type, message, count: 1, firstTimestamp: at, lastTimestamp: at },
      ...{ source: { component: 'kong-serverless', host: this.#gateway } },
      ...{ reportingComponent: 'kong-serverless', reportingInstance: this.#gateway },
    };
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
    try {
      (await askApi(this.#api, { method: 'POST', path, body }, this.#end.signal)).resume();
    } catch (error) {
      if (this.#end.signal.aborted || !this.#quietWarning.allows(this.#clock.now())) return;
      this.#logger.warn({ err: error, namespace, service: name }, adviceOn(error));
    }
  }
}

function adviceOn(error: unknown): string {
  const status = error instanceof ApiRefusal ? error.status : 0;
  return status === 401 || status === 403
    ? "not allowed to write Events: give the pod's service account the verb create for events there (manifests/events-writer), or set SERVERLESS_KUBERNETES_EVENTS=false"
    : 'an Event could not be written';
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
