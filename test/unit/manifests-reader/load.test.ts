import { load } from '../../../src/manifests/load';
import { formatPath } from '../../../src/manifests/path';

const read = (text: string) => load({ file: 'a.yaml', text, namespace: 'default' });

describe('reading documents', () => {
  test('several documents in one file keep the lines of the file', () => {
    const { manifests } = read(
      'kind: A\nmetadata:\n  name: a\n---\n# comment\nkind: B\nmetadata:\n  name: b\nspec:\n  x: 1\n',
    );
    expect(manifests.map(({ label }) => label)).toEqual(['A default/a', 'B default/b']);
    expect(manifests[1]?.lineOf(['spec', 'x'])).toBe(10);
  });

  test('the objects of a List are objects, with lines of their own', () => {
    const { manifests } = read(
      'kind: List\nitems:\n  - kind: A\n    metadata: {name: a, namespace: n}\n  - kind: B\n    spec:\n      x: 1\n',
    );
    expect(manifests.map(({ label }) => label)).toEqual(['A n/a', 'B']);
    expect(manifests[1]?.lineOf(['spec', 'x'])).toBe(7);
  });

  test('JSON is read like YAML', () => {
    const { manifests } = read('{\n  "kind": "A",\n  "spec": {\n    "list": [\n      {"x": 1}\n    ]\n  }\n}');
    expect(manifests[0]?.get('spec', 'list', 0, 'x')).toBe(1);
    expect(manifests[0]?.lineOf(['spec', 'list', 0, 'x'])).toBe(5);
  });

  test('a field that is missing has the line of what should contain it', () => {
    const { manifests } = read('kind: A\nspec:\n  rules:\n    - host: a\n');
    expect(manifests[0]?.lineOf(['spec', 'rules', 0, 'http', 'paths'])).toBe(4);
    expect(manifests[0]?.lineOf(['spec', 'rules', 7])).toBe(3);
    expect(manifests[0]?.lineOf(['spec', 'class', 'name'])).toBe(2);
    expect(manifests[0]?.lineOf(['kind', 'x'])).toBe(1);
  });

  test('a field behind an alias has the line of the anchor', () => {
    const { manifests } = read('kind: A\nbase: &b\n  x: 1\nspec: *b\n');
    expect(manifests[0]?.get('spec', 'x')).toBe(1);
    expect(manifests[0]?.lineOf(['spec', 'x'])).toBe(3);
  });

  test('text that is no YAML is an error with its line, and the other documents are read all the same', () => {
    const { manifests, errors } = read('kind: A\n---\nkind: B\nspec: [1, 2\n---\nkind: C\n');
    expect(errors).toEqual([{ file: 'a.yaml', line: expect.any(Number), document: 2, message: expect.any(String) }]);
    expect(errors[0]?.line).toBeGreaterThanOrEqual(4);
    expect(manifests.map(({ kind }) => kind)).toContain('A');
  });

  test('a bomb of aliases is an error, not a full memory', () => {
    const bomb = ['kind: A', 'a0: &a0 [x,x,x,x,x,x,x,x,x,x]'];
    for (let i = 1; i < 12; i += 1)
      bomb.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(',')}]`,
      );
    expect(read(bomb.join('\n')).errors).toHaveLength(1);
  });

  test.each(['', '# nothing\n', 'just text', '[1, 2]', '3', 'a: 1\nb: 2\n'])('%j holds no manifest', (text) => {
    expect(read(text)).toEqual({ manifests: [], errors: [] });
  });

  test.each([
    ['Kong configuration', '_format_version: "2.1"\nservices: []\n'],
    ['RabbitMQ definitions', '{"queues": [], "bindings": []}'],
    ['Helm values', 'env:\n  plugins: bundled\n'],
    ['Helm values', 'podAnnotations:\n  a: b\n'],
    ['CloudFormation template', 'AWSTemplateFormatVersion: "2010-09-09"\nResources: {}\n'],
  ])('%s are told by their fields', (kind, text) => {
    expect(read(text).manifests.map((manifest) => manifest.kind)).toEqual([kind]);
  });

  test('definitions inside a ConfigMap are read, with the lines of the file that the ConfigMap is in', () => {
    const { manifests } = read(
      'kind: ConfigMap\ndata:\n  note.txt: "queues: none"\n  definitions.json: |\n    {\n      "queues": [\n        {"name": "a"}\n      ],\n      "bindings": []\n    }\n',
    );
    expect(manifests.map(({ kind }) => kind)).toEqual(['ConfigMap', 'RabbitMQ definitions']);
    expect(manifests[1]?.lineOf(['queues', 0, 'name'])).toBe(7);
  });

  test('definitions on one line of a ConfigMap have that line', () => {
    const { manifests } = read(
      `kind: ConfigMap\ndata:\n  definitions.json: '{"queues": [{"name": "a"}], "bindings": []}'\n`,
    );
    expect(manifests[1]?.lineOf(['queues', 0])).toBe(3);
  });

  test('broken definitions inside a ConfigMap are an error with their line', () => {
    expect(read('kind: ConfigMap\ndata:\n  d.json: |\n    {\n      "queues": [,]\n    }\n').errors).toMatchObject([
      { line: 5 },
    ]);
  });
});

test.each([
  [['spec', 'rules', 0, 'host'], 'spec.rules[0].host'],
  [['metadata', 'annotations', 'konghq.com/plugins'], 'metadata.annotations["konghq.com/plugins"]'],
  [['x-message-ttl'], 'x-message-ttl'],
])('the path %j is written %s', (path, text) => {
  expect(formatPath(path)).toBe(text);
});
