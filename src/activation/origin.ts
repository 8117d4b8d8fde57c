import type { ProbeSettings } from '../core/backend';
import type { ColdStart } from '../core/ports';
import type { ServicePort } from '../core/service-name';
import type { TraceContext } from '../core/tracing';

/** What an activation takes over from a request that waits. Its client chose Host and trace. */
export interface Origin {
  /** Host header, for the probe to be routed alike. */
  readonly host: string | undefined;
  /** W3C trace context, for the wake-up message. */
  readonly traceparent: string | undefined;
  readonly tracestate?: string | undefined;
  /** The Kubernetes Service that Kong routes it to; undefined where that cannot be told. */
  readonly service?: ServicePort | undefined;
  /** The backend sees the client's Host. */
  readonly preservesHost?: boolean | undefined;
}

/** The origin of one request that waits. */
export interface WaitingOrigin {
  /** It has been read. */
  known(origin: Origin): void;
  /** The request does not wait any more. */
  left(): void;
}

/**
 * With which Host a backend is probed, and under which trace it is woken. No client's Host decides for another (ADR 7): every Host
 * that waits gets its turn, and every other turn belongs to the one that passed last, or else to the one for which most wait.
 */
export class Origins {
  readonly #settings: () => Pick<ProbeSettings, 'host' | 'url'>;
  /** Hosts of those who wait, with how many each; the one that was asked longest ago first. */
  readonly #hosts = new Map<string, number>();
  /** Requests that wait and whose Host is still being read. */
  #reading = 0;
  #whenKnown: (() => void)[] = [];
  /** The Host of the last probe that passed. */
  #passed: string | undefined;
  #turn = 0;
  #trace: TraceContext | undefined;

  constructor(settings: () => Pick<ProbeSettings, 'host' | 'url'>) {
    this.#settings = settings;
  }

  /** Whether the Host of a request that waits is of interest. */
  get wantsHost(): boolean {
    const { host, url } = this.#settings();
    return host === undefined && url === undefined;
  }

  /** Whether this activation has no trace context yet. */
  get wantsTrace(): boolean {
    return this.#trace === undefined;
  }

  /** The context of the request that this activation is for. */
  get trace(): TraceContext | undefined {
    return this.#trace;
  }

  /** What a report of the activation says of it. */
  get facts(): Pick<ColdStart, 'host' | 'traceId'> {
    return { host: this.wantsHost ? 'client' : 'configured', traceId: this.#trace?.traceparent.split('-')[1] };
  }

  /** An activation begins. */
  began(): void {
    this.#trace = undefined;
    this.#turn = 0;
  }

  /**
   * One more request waits.
   *
   * @param trace its context, where that is known already
   */
  joined(trace?: TraceContext): WaitingOrigin {
    this.#trace ??= trace;
    let state: 'reading' | { readonly host: string | undefined } | 'left' = 'reading';
    this.#reading += 1;
    return {
      known: (origin) => {
        if (state !== 'reading') return;
        state = { host: origin.host };
        this.#reading -= 1;
        this.#trace ??= contextOf(origin);
        if (origin.host !== undefined) this.#hosts.set(origin.host, (this.#hosts.get(origin.host) ?? 0) + 1);
        this.#tell();
      },
      left: () => {
        if (state === 'reading') this.#reading -= 1;
        else if (state !== 'left' && state.host !== undefined) this.#forget(state.host);
        state = 'left';
        this.#tell();
      },
    };
  }

  /** Calls back once there is a Host to probe with, or none is to be had. */
  whenKnown(callback: () => void): void {
    this.#whenKnown.push(callback);
    this.#tell();
  }

  /** The Host of the next probe; undefined where none is known. */
  next(): string | undefined {
    this.#turn += 1;
    if (this.#turn % 2 === 1) return this.#passed ?? this.#mostWaited();
    const [host] = this.#hosts.keys();
    if (host === undefined) return this.#passed;
    // Its turn comes again when all others had theirs.
    const count = this.#hosts.get(host) ?? 0;
    this.#hosts.delete(host);
    this.#hosts.set(host, count);
    return host;
  }

  /** A probe with this Host passed. */
  passed(host: string | undefined): void {
    this.#passed = host;
    this.#turn = 0;
  }

  #mostWaited(): string | undefined {
    let most: string | undefined;
    for (const [host, count] of this.#hosts)
      if (most === undefined || count > (this.#hosts.get(most) ?? 0)) most = host;
    return most;
  }

  #forget(host: string): void {
    const count = (this.#hosts.get(host) ?? 0) - 1;
    if (count > 0) this.#hosts.set(host, count);
    else this.#hosts.delete(host);
  }

  #tell(): void {
    const nothingToWaitFor =
      !this.wantsHost || this.#passed !== undefined || this.#hosts.size > 0 || this.#reading === 0;
    if (!nothingToWaitFor) return;
    for (const callback of this.#whenKnown.splice(0)) callback();
  }
}

function contextOf({ traceparent, tracestate }: Origin): TraceContext | undefined {
  if (traceparent === undefined) return undefined;
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}
