import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readSources, UnreadablePathError } from '../../../src/manifests/walk';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-walk-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

const found = (...paths: string[]) =>
  readSources(
    paths.map((path) => join(folder, path)),
    () => '',
    'default',
  ).map(({ file }) => file.slice(folder.length + 1));

test('folders are read to their depth, and only what may be a manifest', () => {
  write({ 'a.yaml': '', 'b/c.yml': '', 'b/d/e.json': '', 'b/readme.md': '', 'b/x.yaml.bak': '' });
  expect(found('.')).toEqual(['a.yaml', 'b/c.yml', 'b/d/e.json']);
});

test('hidden files, node_modules and links are left out', () => {
  write({ '.git/a.yaml': '', 'node_modules/p/a.yaml': '', '.hidden.yaml': '', 'z.yaml': '' });
  symlinkSync(folder, join(folder, 'loop'));
  expect(found('.')).toEqual(['z.yaml']);
});

test("a chart's templates, values and own files are left out", () => {
  write({
    'Chart.yaml': '',
    'values.yaml': '',
    'values.schema.json': '',
    'templates/a.yaml': '{{ x }}',
    'extra.yaml': '',
  });
  expect(found('.')).toEqual(['extra.yaml']);
});

test('kustomizations and the patches they name are left out, also in other folders below', () => {
  write({
    'kustomization.yaml':
      'patches:\n  - path: patch.yaml\n  - patch: "inline"\npatchesStrategicMerge: [sub/merge.yaml]\npatchesJson6902:\n  - path: six.json\n',
    'patch.yaml': '',
    'six.json': '',
    'sub/merge.yaml': '',
    'sub/kept.yaml': '',
    'kept.yaml': '',
  });
  expect(found('.')).toEqual(['kept.yaml', 'sub/kept.yaml']);
});

test('a patch that is named on the command line is read', () => {
  write({ 'kustomization.yaml': 'patches:\n  - path: patch.yaml\n', 'patch.yaml': '' });
  expect(found('patch.yaml')).toEqual(['patch.yaml']);
});

test("a kustomization's namespace is that of the files beside it", () => {
  write({ 'kustomization.yaml': 'namespace: kong\n', 'a.yaml': '', 'b/c.yaml': '' });
  const sources = readSources([folder], () => '', 'default');
  expect(sources.map(({ namespace }) => namespace)).toEqual(['kong', 'default']);
});

test('a kustomization that is no YAML hides nothing', () => {
  write({ 'kustomization.yaml': 'patches: [', 'a.yaml': '' });
  expect(found('.')).toEqual(['a.yaml']);
});

test('"-" is standard input', () => {
  expect(readSources(['-'], () => 'kind: A', 'shop')).toEqual([
    { file: '<stdin>', text: 'kind: A', namespace: 'shop' },
  ]);
});

test('a path that is not there is named', () => {
  expect(() => found('missing.yaml')).toThrow(UnreadablePathError);
  expect(() => found('missing.yaml')).toThrow(/missing\.yaml/);
});
