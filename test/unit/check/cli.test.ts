import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCheck } from '../../../src/check/check-command';

const rulesFolder = join(__dirname, '../../../src/check/rules');
const broken = (rule: string): string => join(rulesFolder, `${rule}.broken.yaml`);

async function run(argv: readonly string[], stdin = '', env: Record<string, string> = {}) {
  const out = { code: 0, stdout: '', stderr: '' };
  out.code = await runCheck(argv, {
    stdout: (text) => (out.stdout += text),
    stderr: (text) => (out.stderr += text),
    env,
    stdin: () => stdin,
  });
  return out;
}

const GOOD = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n';

describe('serverless check', () => {
  test('an error: exit 1, with file, line, document, field, reason and fix', async () => {
    const { code, stdout } = await run([broken('component-missing')]);
    expect(code).toBe(1);
    const line =
      readFileSync(broken('component-missing'), 'utf8')
        .split('\n')
        .findIndex((text) => text.includes('# <--')) + 1;
    expect(stdout).toContain(`component-missing.broken.yaml:${line}: error: There is no Component "kong-serverless"`);
    expect(stdout).toContain('[component-missing]\n  KongPlugin kong/serverless  config.backend[0].pubsub\n  Why: ');
    expect(stdout).toMatch(/\n {2}Fix: .*\n/);
    expect(stdout).toMatch(/2 documents in 1 file: 1 error, 0 warnings\.\n$/);
  });

  test('warnings only: exit 0', async () => {
    const { code, stdout } = await run([broken('replicas-owner')]);
    expect(code).toBe(0);
    expect(stdout).toContain(': warning: ');
  });

  test('nothing wrong: exit 0, and it says what could not be checked', async () => {
    const { code, stdout } = await run(['-'], GOOD);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Not checked:\n {2}No KongPlugin/);
    expect(stdout).toMatch(/1 document in 1 file: nothing wrong\.\n$/);
  });

  test('-o json is one JSON object', async () => {
    const { code, stdout } = await run(['-o', 'json', broken('component-missing')]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      findings: [
        {
          rule: 'component-missing',
          severity: 'error',
          line: 10,
          document: { kind: 'KongPlugin', namespace: 'kong', name: 'serverless' },
          field: 'config.backend[0].pubsub',
        },
      ],
      notChecked: expect.arrayContaining([expect.stringContaining('Ingress')]),
      summary: { files: 1, documents: 2, errors: 1, warnings: 0 },
    });
  });

  test('text that is no YAML is an error with its line, also in JSON', async () => {
    const { code, stdout } = await run(['-'], 'kind: A\nspec: {\n');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^<stdin>:\d+: error: This is no YAML: .*\[unreadable\]\n {2}Why/);
  });

  test('kinds that it does not know are ignored', async () => {
    const { code, stdout } = await run(['-'], 'apiVersion: x/v1\nkind: Whatever\nspec: [1, {a: ~}]\n---\nkind: 7\n');
    expect(code).toBe(0);
    expect(stdout).toContain('nothing wrong');
  });

  test('--skip leaves a rule out', async () => {
    expect((await run(['--skip', 'component-missing', broken('component-missing')])).code).toBe(0);
  });

  test('--app-id, --gateway-namespace and --gateway-url say what the files do not', async () => {
    expect((await run(['--app-id', 'worker', broken('component-scope')])).code).toBe(0);
    expect((await run(['--gateway-namespace=shop', broken('component-namespace')])).code).toBe(0);
    expect((await run(['--gateway-url', 'https://localhost:8443', broken('probe-protocol')])).code).toBe(0);
    const env = { SERVERLESS_GATEWAY_URL: 'https://localhost:8443' };
    expect((await run([broken('probe-protocol')], '', env)).code).toBe(0);
  });

  test('-n gives a namespace to objects that name none', async () => {
    const text = readFileSync(broken('component-missing'), 'utf8').replace(
      /kong-serverless #.*/,
      'kong-serverless-plugin',
    );
    const bare = text.replaceAll(/\n {2}namespace: kong/g, '');
    expect((await run(['-'], bare)).stdout).toContain('[component-namespace]');
    expect((await run(['-n', 'kong', '-'], bare)).code).toBe(0);
  });

  test('--help lists the options', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const option of ['--output', '--app-id', '--gateway-namespace', '--skip']) expect(stdout).toContain(option);
  });

  test.each([
    [[], 'name the files'],
    [['--what'], "Unknown option '--what'"],
    [['-o', 'xml', 'a.yaml'], "'xml' is no format"],
    [['--skip', 'nothing', '-'], "there is no rule 'nothing'"],
    [['--gateway-url', 'localhost', '-'], '--gateway-url: "localhost": write a URL'],
    [['/nowhere/at/all.yaml'], '/nowhere/at/all.yaml'],
    [['--app-id'], "'--app-id"],
  ])('%j: exit 2 and a message that quotes it', async (argv, message) => {
    const { code, stderr, stdout } = await run(argv);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('serverless check --help');
    expect(stdout).toBe('');
  });

  test('nothing to check is a mistake, not a success: the output of a kustomize that failed is empty', async () => {
    const { code, stderr } = await run(['-'], '');
    expect(code).toBe(2);
    expect(stderr).toContain('no manifest in -');
  });
});
