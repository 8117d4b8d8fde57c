import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
import { performance } from 'node:perf_hooks';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** From the call to the last byte. */
  readonly ms: number;
  /** When the last byte was there, on `performance.now()`'s clock. */
  readonly at: number;
}

export interface Call {
  readonly port: number;
  readonly path: string;
  readonly host?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly timeoutMs?: number;
  /** Default: a connection of its own. */
  readonly agent?: Agent;
}

/** One request; rejects when no whole answer comes. */
export const send = (call: Call): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const from = performance.now();
    const outgoing = request(
      {
        host: call.host ?? '127.0.0.1',
        port: call.port,
        path: call.path,
        method: call.method ?? 'GET',
        headers: call.headers ?? {},
        agent: call.agent ?? false,
        signal: AbortSignal.timeout(call.timeoutMs ?? 120_000),
      },
      (incoming) => {
        let body = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => (body += chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const at = performance.now();
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body, ms: at - from, at });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(call.body);
  });

/** The same request `count` times at once, each on a connection of its own. What got no answer has status 0 and the reason as body. */
export const sendMany = (count: number, call: Call): Promise<Answer[]> =>
  Promise.all(
    Array.from({ length: count }, () =>
      send(call).catch((error: unknown): Answer => {
        return { status: 0, headers: {}, body: String(error), ms: 0, at: performance.now() };
      }),
    ),
  );

/** How many answers there are of each status, for one glance: `{ '200': 613 }`. */
export const tally = (answers: readonly Answer[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

/** The value that `share` of the values are at or below. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN;
};

/** Kong's own answer where an upstream has no target: the request was let through to a backend that was not there. */
export const isBalancerRefusal = (answer: Answer): boolean =>
  answer.status === 503 && answer.body.includes('failure to get a peer from the ring-balancer');
