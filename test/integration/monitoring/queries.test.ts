import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ALERTS } from '../../../monitoring/alerts';
import { ROWS } from '../../../monitoring/dashboard';
import { findPart } from '../../../real-parts/find';
import { makeFolder, projectRoot, removeFolder } from '../../../real-parts/guard';
import { freePort } from '../../../real-parts/ports';
import { Process } from '../../../real-parts/processes';
import { until } from '../../../real-parts/wait';
import { describeWith, stopAll } from '../../support/suite';
import { DemoRig } from '../demo/demo-rig';

interface Result {
  readonly status: string;
  readonly error?: string;
  readonly data: { readonly result: readonly { readonly metric: object; readonly value: readonly [number, string] }[] };
}

const PANELS = ROWS.flatMap(({ panels }) =>
  panels.flatMap(({ title, queries }) => queries.map(({ expr, legend }) => ({ title, expr, legend }))),
);

/** As Grafana fills in what a dashboard leaves open. */
const filledIn = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '30s').replaceAll('$__range', '5m').replaceAll('$backend', '/kong');

/** Where the children of a process serve their metrics, by their command lines. */
const listeners = (parent: number): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/status`, 'utf8').includes(`PPid:\t${parent}\n`)) return [];
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.flatMap((word, at) =>
          ['--status-listen', '--http-listen'].includes(word) ? [words[at + 1] ?? ''] : [],
        );
      } catch {
        return [];
      }
    });

describeWith(['prometheus'], 'the dashboard and the alerts on a real Prometheus that scrapes the demo', () => {
  let demo: DemoRig;
  let prometheus: Process;
  let folder: string;
  let port: number;

  beforeAll(async () => {
    demo = await DemoRig.start(['--push', '--fast', '--boot-time', '0.5']);
    folder = makeFolder('prometheus');
    port = await freePort();
    const static_configs = [{ targets: listeners(demo.child.pid ?? 0) }];
    expect(static_configs[0]?.targets).toHaveLength(2);
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [join(projectRoot, 'monitoring/alerts.yaml')],
      scrape_configs: [{ job_name: 'serverless', static_configs }],
    };
    writeFileSync(join(folder, 'prometheus.yml'), stringify(config));
    const found = findPart('prometheus');
    if (found.how !== 'binary') throw new Error('no program');
    const listen = `--web.listen-address=127.0.0.1:${port}`;
    const args = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, listen];
    prometheus = await Process.start(found.path, args, { logFile: join(folder, 'log') });
    await prometheus.becomes('it is ready', async () => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok);
    await until('it has scraped', async () => (await ask('serverless_build_info')).data.result.length > 0);
    expect((await demo.get('/kong/')).status).toBe(200);
    for (let request = 0; request < 50; request += 1) {
      await demo.get('/kong/');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }, 180_000);
  afterAll(
    stopAll(() => [
      { stop: async () => prometheus.stop('SIGTERM', 5000) },
      demo,
      { stop: async () => removeFolder(folder) },
    ]),
    60_000,
  );

  const ask = async (query: string): Promise<Result> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?${new URLSearchParams({ query }).toString()}`);
    return (await answer.json()) as Result;
  };

  test.each(PANELS)('$title: $expr', async ({ expr }) => {
    const { status, error, data } = await ask(filledIn(expr));
    expect(error).toBeUndefined();
    expect(status).toBe('success');
    expect(data.result.length).toBeGreaterThan(0);
  });

  test.each(ALERTS)('$name is asked', async ({ expr }) => {
    expect(await ask(expr)).toMatchObject({ status: 'success' });
  });

  test('its rules are loaded, and none but that of the missing standby is about to fire', async () => {
    const { data } = (await (await fetch(`http://127.0.0.1:${port}/api/v1/rules`)).json()) as {
      data: { groups: { rules: { name: string; state: string }[] }[] };
    };
    const rules = data.groups.flatMap((group) => group.rules);
    expect(rules.map(({ name }) => name)).toEqual(ALERTS.map(({ name }) => name));
    expect(rules.filter(({ state }) => state !== 'inactive').map(({ name }) => name)).toEqual([
      'ServerlessStandbyMissing',
    ]);
  });
});
