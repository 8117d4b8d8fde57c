import autocannon from 'autocannon';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, removeFolder } from '../../real-parts/guard';
import { percentile, sendMany, tally } from '../../real-parts/http';
import { Kong } from '../../real-parts/kong';
import { declarativeConfig } from '../../real-parts/kong-config';
import { freePort } from '../../real-parts/ports';
import { pluginConfig } from '../support/kong-rig';
import { FakeDapr } from '../support/fake-dapr';
import { Serverless } from '../../real-parts/serverless';
import { startEmptyPlugin } from './empty-plugin';
import { median } from './numbers';

export const CONNECTIONS = 16;

export interface WarmFigures {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Plugin on the route -> what it does to warm requests. */
export type Warm = Record<'none' | 'empty' | 'serverless', WarmFigures>;

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

/**
 * The same backend behind three routes of one Kong with one nginx worker: no plugin, an empty one on kong-pdk's server, ours. Their
 * rounds alternate, so that whatever else the machine does meanwhile meets all three.
 */
export const measureWarm = async (rounds: number, seconds: number, say: (line: string) => void): Promise<Warm> => {
  const stops: (() => Promise<void>)[] = [];
  try {
    const folder = makeFolder('bench');
    stops.push(() => removeFolder(folder));
    const backendPort = await freePort();
    // nginx itself answers as the backend: anything slower would hide what a plugin costs.
    const include = join(folder, 'backend.conf');
    writeFileSync(
      include,
      `server { listen 127.0.0.1:${backendPort}; access_log off; keepalive_requests 1000000; location / { return 200 'ok'; } }\n`,
    );
    const dapr = await FakeDapr.start();
    stops.push(() => dapr.stop());
    const empty = await startEmptyPlugin();
    stops.push(() => empty.stop());
    const gatewayPort = await freePort();
    const serverless = await Serverless.start({ gatewayPort, daprPort: dapr.port });
    stops.push(() => serverless.stop());
    const to = `127.0.0.1:${backendPort}`;
    const kong = await Kong.start({
      proxyPort: gatewayPort,
      pluginServers: [empty.forKong(), serverless.forKong()],
      env: { KONG_NGINX_HTTP_INCLUDE: include, KONG_NGINX_HTTP_KEEPALIVE_REQUESTS: '1000000' },
      config: declarativeConfig([
        { name: 'none', path: '/none', to },
        { name: 'empty', path: '/empty', to, plugins: { empty: {} } },
        { name: 'serverless', path: '/serverless', to, plugins: { serverless: pluginConfig({ name: 'serverless' }) } },
      ]),
    });
    stops.push(() => kong.stop());

    const all = { none: [], empty: [], serverless: [] } as Record<keyof Warm, WarmFigures[]>;
    for (let round = 0; round <= rounds; round += 1) {
      for (const name of ['none', 'empty', 'serverless'] as const) {
        const call = { port: kong.proxyPort, path: `/${name}/` };
        const first = tally(await sendMany(1, call));
        if (first['200'] !== 1) throw new Error(`/${name}/ answers ${JSON.stringify(first)}`);
        const duration = round === 0 ? 1 : seconds;
        const { result, latencies } = await load(`http://127.0.0.1:${kong.proxyPort}/${name}/`, duration);
        if (result.non2xx + result.errors > 0)
          throw new Error(`/${name}/: ${result.non2xx} not 2xx, ${result.errors} errors`);
        // The first round only warms up.
        if (round === 0) continue;
        const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
        all[name].push({ requestsPerSecond: result.requests.average, p50Ms: p50, p99Ms: p99 });
        say(
          `warm ${name} ${round}/${rounds}: ${result.requests.average.toFixed(0)}/s, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`,
        );
      }
    }
    const summary = (figures: WarmFigures[]): WarmFigures => ({
      requestsPerSecond: median(figures.map((one) => one.requestsPerSecond)),
      p50Ms: median(figures.map((one) => one.p50Ms)),
      p99Ms: median(figures.map((one) => one.p99Ms)),
    });
    return { none: summary(all.none), empty: summary(all.empty), serverless: summary(all.serverless) };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
};
