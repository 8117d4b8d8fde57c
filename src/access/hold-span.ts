import type { Arrival, Entry, Outcome } from '../activation/arrival';
import type { Span, TraceContext, Tracer } from '../core/tracing';
import type { Kong } from '../kong/contract';
import { readTrace } from './request-origin';
import type { EarlyEnd } from './until';

/** A request that has to wait, or is rejected, as a span of its client's trace. One that passes makes none, and costs nothing. */
export class HoldSpan {
  readonly #span: Span;

  private constructor(span: Span) {
    this.#span = span;
  }

  /**
   * Before the request is held, so that the wake-up that it may cause belongs to it.
   *
   * @param since when the request arrived, on the clock
   */
  static async begin(
    tracer: Tracer,
    kong: Kong,
    { worker, wakes, backend }: Arrival,
    since: number,
  ): Promise<HoldSpan> {
    const parent = await readTrace(kong).catch(() => undefined);
    const attributes = {
      'serverless.backend': backend.target,
      'serverless.nginx.worker': worker,
      ...(wakes ? {} : { 'serverless.no_wake': true }),
    };
    return new HoldSpan(tracer.start({ name: 'hold', parent, since, attributes }));
  }

  get context(): TraceContext {
    return this.#span.context;
  }

  /** The request goes on to its backend, whose spans are to be below this one. */
  async passOn(kong: Kong): Promise<void> {
    if (this.#span.isSampled) await kong.service.request.set_header('traceparent', this.#span.context.traceparent);
  }

  /** It waits no more; it is answered or sent on next. Undefined: its client left. */
  settled(outcome: Outcome | EarlyEnd | undefined): void {
    if (outcome?.kind === 'released') this.#span.event('release', { 'serverless.lane': outcome.lane });
  }

  /** It was answered, or goes on. Undefined: its client left. */
  end(entry: Entry, outcome: Outcome | EarlyEnd | undefined): void {
    // The backend had just become ready: it never waited.
    if (entry.kind === 'released') return;
    const attributes = { 'serverless.cold_start': entry.kind === 'held' && entry.wasColdStart() };
    if (outcome === undefined) this.#span.end({ ...attributes, 'serverless.outcome': 'client-gone' });
    else if (outcome.kind === 'released')
      this.#span.end({
        ...attributes,
        'serverless.outcome': 'released',
        'serverless.lane': outcome.lane,
        'serverless.pod': outcome.pin && `${outcome.pin.address}:${outcome.pin.port}`,
      });
    else if (outcome.kind !== 'rejected') this.#span.end({ ...attributes, 'serverless.outcome': outcome.kind });
    else {
      const { code, detail, context } = outcome.error;
      const { lastProbe, lastPublish } = context;
      this.#span.end(
        {
          ...attributes,
          'serverless.outcome': code,
          'serverless.last_probe': lastProbe && JSON.stringify(lastProbe),
          'serverless.last_publish': lastPublish && JSON.stringify(lastPublish),
        },
        detail,
      );
    }
  }
}
