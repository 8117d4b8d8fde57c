import autocannon from 'autocannon';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { percentile, sendMany, tally } from '../../real-parts/http';
import { freePort } from '../../real-parts/ports';
import { median } from './numbers';

export const CONNECTIONS = 16;

export interface WarmFigures {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A backend in Kong's own nginx: anything slower would hide what a plugin costs. */
export interface NginxBackend {
  /** `host:port` */
  readonly to: string;
  /** For Kong's environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** @param folder for nginx's configuration */
export const nginxBackend = async (folder: string): Promise<NginxBackend> => {
  const port = await freePort();
  const include = join(folder, 'backend.conf');
  const server = `listen 127.0.0.1:${port}; access_log off; keepalive_requests 1000000; location / { return 200 'ok'; }`;
  writeFileSync(include, `server { ${server} }\n`);
  const env = { KONG_NGINX_HTTP_INCLUDE: include, KONG_NGINX_HTTP_KEEPALIVE_REQUESTS: '1000000' };
  return { to: `127.0.0.1:${port}`, env };
};

/** Loads one warm route. Rejects where anything but 2xx is answered. */
export const loadRoute = async (port: number, path: string, seconds: number): Promise<WarmFigures> => {
  const first = tally(await sendMany(1, { port, path }));
  if (first['200'] !== 1) throw new Error(`${path} answers ${JSON.stringify(first)}`);
  const { result, latencies } = await load(`http://127.0.0.1:${port}${path}`, seconds);
  if (result.non2xx + result.errors > 0) throw new Error(`${path}: ${result.non2xx} not 2xx, ${result.errors} errors`);
  return {
    requestsPerSecond: result.requests.average,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
  };
};

/** The medians of several rounds. */
export const summary = (rounds: readonly WarmFigures[]): WarmFigures => ({
  requestsPerSecond: median(rounds.map((one) => one.requestsPerSecond)),
  p50Ms: median(rounds.map((one) => one.p50Ms)),
  p99Ms: median(rounds.map((one) => one.p99Ms)),
});

/** autocannon's own percentiles are whole milliseconds, so the latencies are kept one by one. */
const load = (url: string, duration: number): Promise<{ result: autocannon.Result; latencies: number[] }> =>
  new Promise((resolve, reject) => {
    const latencies: number[] = [];
    const run = autocannon({ url, connections: CONNECTIONS, duration }, (error: Error | null, result) => {
      if (error === null) resolve({ result, latencies });
      else reject(error);
    });
    run.on('response', (_client, _status, _bytes, ms) => latencies.push(ms));
  });
