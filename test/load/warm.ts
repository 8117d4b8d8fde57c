import { makeFolder, removeFolder } from '../../real-parts/guard';
import { Kong } from '../../real-parts/kong';
import { declarativeConfig } from '../../real-parts/kong-config';
import { freePort } from '../../real-parts/ports';
import { Serverless } from '../../real-parts/serverless';
import { each } from '../../real-parts/wait';
import { FakeDapr } from '../support/fake-dapr';
import { pluginConfig } from '../support/kong-rig';
import { startEmptyPlugin } from './empty-plugin';
import { loadRoute, nginxBackend, summary, type WarmFigures } from './warm-load';

/** Plugin on the route -> what it does to warm requests. */
export type Warm = Record<'none' | 'empty' | 'serverless', WarmFigures>;

/**
 * The same backend behind three routes of one Kong with one nginx worker: no plugin, an empty one on kong-pdk's server, ours. Their
 * rounds alternate, so that whatever else the machine does meanwhile meets all three.
 */
export const measureWarm = async (rounds: number, seconds: number, say: (line: string) => void): Promise<Warm> => {
  const stops: (() => Promise<void>)[] = [];
  try {
    const folder = makeFolder('bench');
    stops.unshift(() => removeFolder(folder));
    const { to, env } = await nginxBackend(folder);
    const dapr = await FakeDapr.start();
    stops.unshift(() => dapr.stop());
    const empty = await startEmptyPlugin();
    stops.unshift(() => empty.stop());
    const gatewayPort = await freePort();
    const serverless = await Serverless.start({ gatewayPort, daprPort: dapr.port });
    stops.unshift(() => serverless.stop());
    const kong = await Kong.start({
      proxyPort: gatewayPort,
      pluginServers: [empty.forKong(), serverless.forKong()],
      env,
      config: declarativeConfig([
        { name: 'none', path: '/none', to },
        { name: 'empty', path: '/empty', to, plugins: { empty: {} } },
        { name: 'serverless', path: '/serverless', to, plugins: { serverless: pluginConfig({ name: 'serverless' }) } },
      ]),
    });
    stops.unshift(() => kong.stop());

    const all: Record<keyof Warm, WarmFigures[]> = { none: [], empty: [], serverless: [] };
    for (let round = 0; round <= rounds; round += 1) {
      for (const name of ['none', 'empty', 'serverless'] as const) {
        const figures = await loadRoute(kong.proxyPort, `/${name}/`, round === 0 ? 1 : seconds);
        // The first round only warms up.
        if (round === 0) continue;
        all[name].push(figures);
        const { requestsPerSecond, p50Ms, p99Ms } = figures;
        say(
          `warm ${name} ${round}/${rounds}: ${requestsPerSecond.toFixed(0)}/s, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`,
        );
      }
    }
    return { none: summary(all.none), empty: summary(all.empty), serverless: summary(all.serverless) };
  } finally {
    await each(stops);
  }
};
