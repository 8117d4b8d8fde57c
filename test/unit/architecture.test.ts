import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '../..');

const files = ['src', 'demo', 'real-parts']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  .filter((file) => file.endsWith('.ts'))
  .sort();

/** The files that a file imports, for their types alone as well, at once or later by `import()`. */
function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true);
  return importedFiles.flatMap(({ fileName }) => {
    if (!fileName.startsWith('.')) return [];
    const path = join(dirname(file), fileName.replace(/\.js$/, ''));
    const found = [`${path}.ts`, join(path, 'index.ts'), `${path}.d.ts`].find((candidate) => files.includes(candidate));
    // Something else than a module, such as package.json.
    return found === undefined ? [] : [found];
  });
}

/** One cycle through each file that closes one, as the files it goes through. */
function cyclesOf(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const seenAt = path.indexOf(file);
    if (seenAt >= 0) cycles.push([...path.slice(seenAt), file]);
    if (seenAt >= 0 || done.has(file)) return;
    for (const imported of imports.get(file) ?? []) visit(imported, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return cycles;
}

const imports = new Map(files.map((file) => [file, importsOf(file)]));

/** Being untied at this moment. */
const KNOWN = ['src/server/connection.ts -> src/server/phase-run.ts -> src/server/connection.ts'];

test('no file imports itself through others: which file to read first has an answer', () => {
  const cycles = cyclesOf(imports).map((cycle) => cycle.join(' -> '));

  expect(cycles.filter((cycle) => !KNOWN.includes(cycle))).toEqual([]);
});

test('the cycles are looked for among all imports: types alone, later ones, and re-exports count', () => {
  const total = [...imports.values()].flat().length;

  expect(files.length).toBeGreaterThan(200);
  expect(total).toBeGreaterThan(600);
  expect(imports.get('src/check/rule.ts')).toEqual(expect.arrayContaining(['src/manifests/set.ts']));
  expect(imports.get('src/bin/main.ts')).toContain('src/check/check-command.ts');
  expect(imports.get('src/config/parse.ts')).toContain('src/config/problems.ts');
});

test('a cycle of any length is found once, by its files', () => {
  const graph = { a: ['b', 'd'], b: ['c'], c: ['a'], d: ['d'], e: ['a'] };

  expect(cyclesOf(new Map(Object.entries(graph)))).toEqual([
    ['a', 'b', 'c', 'a'],
    ['d', 'd'],
  ]);
});

test('what is imported is there: the graph misses no file', () => {
  const dangling = files.flatMap((file) => {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true);
    const outside = importedFiles.filter(({ fileName }) => /^\.{1,2}\//.test(fileName) && !fileName.endsWith('.json'));
    const known = importsOf(file).length;
    return outside.length === known ? [] : [file];
  });

  expect(dangling).toEqual([]);
});
