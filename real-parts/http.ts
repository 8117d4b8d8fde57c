import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
import { performance } from 'node:perf_hooks';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** From the call to the last byte. */
  readonly ms: number;
  /** When the last byte arrived, as `performance.now()`. */
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
  /** Default: a new connection. */
  readonly agent?: Agent;
}

/** One request; rejects unless a complete response arrives. */
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

/** One request that may get no response: then it has status 0, and the reason as its body. */
export const attempt = (call: Call): Promise<Answer> =>
  send(call).catch((error: unknown): Answer => {
    return { status: 0, headers: {}, body: String(error), ms: 0, at: performance.now() };
  });

/** `count` equal attempts at once, each on its own connection. */
export const sendMany = (count: number, call: Call): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, () => attempt(call)));

/** Responses by status: `{ '200': 613 }`. */
export const tally = (answers: readonly Answer[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

/** The smallest value that at least this share of the values does not exceed. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN;
};

/** Kong's own response if an upstream has no target: the request was let through although the backend was asleep. */
export const isBalancerRefusal = (answer: Answer): boolean =>
  answer.status === 503 && answer.body.includes('failure to get a peer from the ring-balancer');
