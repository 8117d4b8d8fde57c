import { makeFolder, removeFolder } from '../../real-parts/guard';
import { Kong } from '../../real-parts/kong';
import { declarativeConfig } from '../../real-parts/kong-config';
import { freePort } from '../../real-parts/ports';
import { Serverless, serverlessFile } from '../../real-parts/serverless';
import { each } from '../../real-parts/wait';
import { FakeDapr } from '../support/fake-dapr';
import { pluginConfig } from '../support/kong-rig';
import { median } from './numbers';
import { loadRoute, nginxBackend, summary, type WarmFigures } from './warm-load';

/** Warm requests through this build and through another one, in turns: this, other, other, this, this, … */
export interface Paired {
  /** The other build's file. */
  readonly against: string;
  readonly ours: WarmFigures;
  readonly theirs: WarmFigures;
  /** Our throughput by theirs: of the medians, and of each pair of rounds, the median of which is less disturbed by a slow drift. */
  readonly ratio: number;
  readonly pairRatios: readonly number[];
  readonly medianPairRatio: number;
}

/** What is compared. */
interface Comparison {
  /** The other build's file. */
  readonly against: string;
  /** Fields of the plugin's configuration that only this build gets. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Environment variables that only this build's plugin server gets. */
  readonly env: Readonly<Record<string, string>>;
}

export const measurePaired = async (
  { against, config, env }: Comparison,
  rounds: number,
  seconds: number,
  say: (line: string) => void,
): Promise<Paired> => {
  const stops: (() => Promise<void>)[] = [];
  try {
    const [ours, theirs] = [await startNode(serverlessFile, stops, config, env), await startNode(against, stops)];
    const all = { ours: [] as WarmFigures[], theirs: [] as WarmFigures[] };
    for (let round = 0; round <= rounds; round += 1) {
      const length = round === 0 ? 1 : seconds;
      // In turns who is first: a machine that gets slower, or faster, is fair to both.
      const [one, other] = round % 2 === 0 ? [ours, theirs] : [theirs, ours];
      const first = await loadRoute(one, PATH, length);
      const second = await loadRoute(other, PATH, length);
      const pair = one === ours ? { ours: first, theirs: second } : { ours: second, theirs: first };
      // The first round only warms up.
      if (round === 0) continue;
      all.ours.push(pair.ours);
      all.theirs.push(pair.theirs);
      const [a, b] = [pair.ours.requestsPerSecond, pair.theirs.requestsPerSecond];
      say(`pair ${round}/${rounds}: ${a.toFixed(0)}/s, ${b.toFixed(0)}/s against, ratio ${(a / b).toFixed(3)}`);
    }
    const figures = { ours: summary(all.ours), theirs: summary(all.theirs) };
    const pairRatios = all.ours.map(({ requestsPerSecond }, n) => {
      return requestsPerSecond / (all.theirs[n]?.requestsPerSecond ?? NaN);
    });
    return {
      against,
      ...figures,
      ratio: figures.ours.requestsPerSecond / figures.theirs.requestsPerSecond,
      pairRatios,
      medianPairRatio: median(pairRatios),
    };
  } finally {
    await each(stops);
  }
};

const PATH = '/warm/';

/** A gateway node of its own for each build, all alike: two plugin servers of the same name do not fit into one Kong. Returns its port. */
const startNode = async (
  file: string,
  stops: (() => Promise<void>)[],
  plugin: Readonly<Record<string, unknown>> = {},
  serverlessEnv: Readonly<Record<string, string>> = {},
): Promise<number> => {
  const folder = makeFolder('bench');
  stops.unshift(() => removeFolder(folder));
  const { to, env } = await nginxBackend(folder);
  const dapr = await FakeDapr.start();
  stops.unshift(() => dapr.stop());
  const gatewayPort = await freePort();
  const serverless = await Serverless.start({ gatewayPort, daprPort: dapr.port, file, env: serverlessEnv });
  stops.unshift(() => serverless.stop());
  const kong = await Kong.start({
    proxyPort: gatewayPort,
    pluginServers: [serverless.forKong()],
    env,
    config: declarativeConfig([
      { name: 'warm', path: '/warm', to, plugins: { serverless: pluginConfig({ name: 'warm', plugin }) } },
    ]),
  });
  stops.unshift(() => kong.stop());
  return gatewayPort;
};
