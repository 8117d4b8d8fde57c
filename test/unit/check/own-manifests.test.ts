import { join } from 'node:path';
import type { SourceText } from '../../../src/manifests/load';
import { checkSources, type Report } from '../../../src/check/run';
import { readSources } from '../../../src/manifests/walk';
import { mutations } from './mutations';
import { type Mutation, type SetName, sets } from './mutations/sets';

const root = join(__dirname, '../../..');
const gateway = { appId: undefined, namespace: 'kong', url: 'http://127.0.0.1:8000', skip: [] };

function sourcesFor(name: SetName): SourceText[] {
  const paths = sets[name].map((path) => join(root, path));
  return readSources(paths, () => '', 'default').map((source) => ({
    ...source,
    file: source.file.slice(root.length + 1),
  }));
}

function check(sources: readonly SourceText[]): Report {
  return checkSources(sources, gateway);
}

/** The sources with one edit made; throws when the edit finds nothing to change, so that no mutation becomes empty. */
function mutate(sources: readonly SourceText[], { in: file, find, replace }: Mutation): SourceText[] {
  let changed = 0;
  const mutated = sources.map((source) => {
    if (!file.test(source.file)) return source;
    const text = source.text.replace(find, replace);
    if (text !== source.text) changed += 1;
    return { ...source, text };
  });
  if (changed === 0) throw new Error(`nothing to change: ${String(find)} in ${String(file)}`);
  return mutated;
}

describe('all manifests of this repository', () => {
  test('agree with each other when whole folders are checked', () => {
    const sources = readSources(
      ['manifests', 'keda', 'sample', 'kong'].map((path) => join(root, path)),
      () => '',
      'default',
    );
    expect(check(sources)).toMatchObject({ findings: [], notChecked: [] });
  });
});

describe.each(Object.keys(sets) as SetName[])('the manifests of %s', (name) => {
  const sources = sourcesFor(name);
  const applicable = mutations.filter(({ only }) => only?.includes(name) ?? true);

  test('agree with each other', () => {
    expect(check(sources).findings).toEqual([]);
  });

  test('are broken in at least twenty ways below', () => {
    expect(applicable.length).toBeGreaterThanOrEqual(20);
  });

  test.each(applicable)('$name is reported', (mutation) => {
    const { findings } = check(mutate(sources, mutation));
    expect(findings.map(({ rule }) => rule)).toContain(mutation.rule);
    const found = findings.find(({ rule }) => rule === mutation.rule);
    expect(found?.severity).toBe(mutation.severity ?? 'error');
  });

  test('are each broken by some mutation, so that none of them goes unread', () => {
    const unread = sources
      .map(({ file }) => file)
      .filter((file) => !/configmap|trigger-authentication|sweeper/.test(file))
      .filter((file) => !applicable.some((mutation) => mutation.in.test(file)));
    expect(unread).toEqual([]);
  });
});
