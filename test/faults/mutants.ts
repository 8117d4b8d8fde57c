import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { makeFolder, projectRoot, removeFolder } from '../../real-parts/guard';

/** A product with one line that is wrong. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  /** The text that is replaced. */
  readonly from: string;
  readonly to: string;
}

/** What a maintainer might break. Each has to be found by the schedules. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'drops a release',
    file: 'src/activation/waiters.ts',
    from: 'for (const one of onWorker) this.#settle(',
    to: 'for (const one of onWorker.slice(onWorker.length > 1 ? 1 : 0)) this.#settle(',
  },
  { name: 'forgets a heartbeat', file: 'src/core/kong-heartbeat.ts', from: '20_000', to: '200_000' },
  {
    name: 'publishes twice',
    file: 'src/activation/publishing.ts',
    from: "return this.#publish('cold-start', 1);",
    to: "void this.#publish('cold-start', 1); return this.#publish('cold-start', 1);",
  },
  { name: 'trusts a lease for ever', file: 'src/core/release.ts', from: ' || now >= state.leaseUntil', to: '' },
  {
    name: 'releases on another worker’s proof',
    file: 'src/core/release.ts',
    from: 'state.proven.get(worker) ?? settledAt(state, worker, now, policy)',
    to: 'state.passedAt',
  },
  { name: 'takes any answer for health', file: 'src/adapters/http-health.ts', from: ": 'failed'", to: ": 'passed'" },
  {
    name: 'is late with deadlines',
    file: 'src/activation/activator.ts',
    from: 'this.#waiters.takeDue(this.#parts.clock.now())',
    to: 'this.#waiters.takeDue(this.#parts.clock.now() - 5000)',
  },
  {
    name: 'sends to another backend’s pod',
    file: 'src/access/destination.ts',
    from: 'kong.service.set_target(address, port)',
    to: 'kong.service.set_target(address, (globalThis.firstPort ??= port))',
  },
  {
    name: 'does not begin anew after a hand-over',
    file: 'src/server/plugin-methods.ts',
    from: 'no plugin instance ${why}',
    to: 'unknown instance ${why}',
  },
  {
    name: 'forgets what it holds at a hand-over',
    file: 'src/server/rpc-server.ts',
    from: "for (const call of this.events.abandon()) this.#fail(call, beginAnew('here any more'));",
    to: 'this.events.abandon();',
  },
  { name: 'goes by the clock of day', file: 'src/adapters/clock.ts', from: 'performance.now()', to: 'Date.now()' },
];

/** Builds it as `npm run build` does; calls `use` with the file, which is gone afterwards. */
export async function withMutant(mutant: Mutant, use: (file: string) => Promise<void>): Promise<void> {
  const folder = makeFolder('mutant');
  const outfile = join(folder, 'serverless');
  try {
    await build({
      ...{ entryPoints: [join(projectRoot, 'src/bin/serverless.ts')], outfile, bundle: true },
      ...{
        platform: 'node',
        target: 'node20.19',
        format: 'cjs',
        logLevel: 'error',
        plugins: [mutation(mutant)],
        // Commands that the attack does not use.
        external: ['*/scaler-command.js', '*/open-telemetry.js'],
      },
    });
    await use(outfile);
  } finally {
    await removeFolder(folder);
  }
}

const mutation = ({ file, from, to }: Mutant): Plugin => ({
  name: 'mutation',
  setup(building) {
    const path = join(projectRoot, file);
    const text = readFileSync(path, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} has no '${from}' any more: the mutant has to follow it`);
    const filter = new RegExp(`${file.replaceAll(/[./]/g, '\\$&')}$`);
    building.onLoad({ filter }, () => ({ contents: text.replace(from, () => to), loader: 'ts' }));
  },
});
