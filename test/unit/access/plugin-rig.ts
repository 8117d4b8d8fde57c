import pino from 'pino';
import { Registry } from '../../../src/activation/registry';
import { OwnProbes } from '../../../src/adapters/own-probes';
import type { Backend } from '../../../src/core/backend';
import type { Tracer } from '../../../src/core/tracing';
import type { PhaseContext } from '../../../src/kong/contract';
import { ServerlessInstance } from '../../../src/access/serverless-instance';
import { ReleasePace } from '../../../src/access/release-pace';
import { WaitingPages } from '../../../src/access/waiting-pages';
import type { FakeClock } from '../../support/fake-clock';
import { flush } from '../../support/fake-clock';
import type { FakeRequest } from '../../support/fake-kong';
import { FakeKong } from '../../support/fake-kong';
import { ActivatorRig } from '../activation/activator-rig';
import { exampleBackend } from '../core/example-backend';

/** A request in its access phase. */
export interface Phase {
  readonly kong: FakeKong;
  /** The phase has ended: the request goes on, or was answered. */
  ended: boolean;
  failed: unknown;
}

/** Plugin instances among fakes. */
export class PluginRig {
  readonly rig: ActivatorRig;
  readonly ownProbes = new OwnProbes();
  readonly registry: Registry;
  readonly pages: WaitingPages;
  /** Templates of waiting pages, by path. */
  readonly templates = new Map<string, string>();
  /** Lines of the process log. */
  readonly lines: string[] = [];
  draining = false;
  /** Whether instances are of one route of Kong. */
  ofOneRoute = true;
  /** Codes of the requests that were answered with an error. */
  readonly rejected: string[] = [];
  /** Kong's sides of all requests so far. */
  readonly kongs: FakeKong[] = [];

  /** @param tracer where the test has traces */
  constructor(readonly tracer?: Tracer) {
    this.rig = new ActivatorRig({}, 10_000, undefined, tracer);
    this.registry = new Registry(this.clock, (backend) => this.rig.create(backend));
    const templates = { read: (path: string) => Promise.resolve(this.templates.get(path)) };
    this.pages = new WaitingPages({ clock: this.clock, registry: this.registry, templates });
  }

  get clock(): FakeClock {
    return this.rig.clock;
  }

  /** Calls of the requests that broke Kong's protocol, which has one call at a time, and none after the answer. */
  get outOfTurn(): readonly (readonly string[])[] {
    return this.kongs.filter(({ outOfTurn }) => outOfTurn).map(({ calls }) => calls);
  }

  instance(...backends: Backend[]): ServerlessInstance {
    const given = backends.length > 0 ? backends : [exampleBackend()];
    return new ServerlessInstance(
      { backends: given, ofOneRoute: this.ofOneRoute },
      {
        showReasons: false,
        onRejected: (code) => this.rejected.push(code),
        clock: this.clock,
        registry: this.registry,
        pages: this.pages,
        pace: new ReleasePace(this.clock, this.rig.budget),
        ownProbes: this.ownProbes,
        logger: pino({ level: 'trace' }, { write: (line: string) => this.lines.push(line) }),
        draining: () => this.draining,
        tracer: this.tracer,
      },
    );
  }

  /** Begins the access phase of a request, and lets it run as far as it goes by itself. */
  async request(
    instance: ServerlessInstance,
    request: FakeRequest = {},
    { signal, failOn, goneAt }: { signal?: AbortSignal; failOn?: string; goneAt?: string } = {},
  ): Promise<Phase> {
    const kong = new FakeKong(request);
    kong.failOn = failOn;
    kong.goneAt = goneAt;
    this.kongs.push(kong);
    const phase: Phase = { kong, ended: false, failed: undefined };
    const context: PhaseContext | undefined = signal === undefined ? undefined : { signal, holds: () => undefined };
    const result = instance.access(kong, context);
    if (result === undefined) phase.ended = true;
    else {
      result.then(
        () => (phase.ended = true),
        (error: unknown) => (phase.failed = error),
      );
    }
    await flush();
    return phase;
  }

  /** An instance whose backends are open on worker 101, right after a request was looked at. */
  async warm(...backends: Backend[]): Promise<ServerlessInstance> {
    const given = backends.length > 0 ? backends : [exampleBackend()];
    const instance = this.instance(...given);
    this.rig.prober.up = true;
    for (const { target } of given) {
      await this.request(instance, { path: `${target}/` });
      await this.clock.advance(10);
    }
    // Past the rate cap, so that no message of the cold start is in the way.
    await this.clock.advance(150);
    await this.request(instance, { path: `${given[0]!.target}/` });
    await this.clock.advance(10);
    this.rig.publisher.published.length = 0;
    this.rig.prober.rounds.length = 0;
    return instance;
  }

  /** As `warm`, on a route that is given with the request. */
  async warmOn(request: FakeRequest, failOn?: string): Promise<ServerlessInstance> {
    const instance = this.instance();
    this.rig.prober.up = true;
    await this.request(instance, request);
    await this.clock.advance(160);
    await this.request(instance, request, failOn === undefined ? {} : { failOn });
    return instance;
  }
}
