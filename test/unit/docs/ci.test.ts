import { parse } from 'yaml';
import { read } from './repository';

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly { readonly run?: string }[] }>>;
}

/** The commands of a shell script, without what sets variables for them. */
const commandsOf = (script: string): string[] =>
  script
    .split('\n')
    .map((line) => line.trim().replace(/^(?:[A-Z_]+=\S+ )+/, ''))
    .filter((line) => line.startsWith('npm '));

test('CI runs nothing that the README does not say', () => {
  const readme = read('README.md').replaceAll(/\s+/g, ' ');
  for (const command of commandsOf(read('.ci/run'))) expect(readme).toContain(command);
});

test('the workflow runs .ci/run, and only scripts that there are', () => {
  const { jobs } = parse(read('.github/workflows/ci.yml')) as Workflow;
  const runs = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => (run === undefined ? [] : [run])));
  expect(runs).toContain('.ci/run');
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = runs.flatMap((run) => [...run.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name));
  expect(named.length).toBeGreaterThan(3);
  for (const name of named) expect(Object.keys(scripts)).toContain(name);
});
