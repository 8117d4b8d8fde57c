import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { openApi, openApiFile } from '../../../src/status/open-api';
import { backend, coldStart, status } from './example-status';

const document = openApi() as {
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
};

/** The validator is an ES module, which jest cannot load. */
const VALIDATE = `
  import { Validator } from '@seriousme/openapi-schema-validator';
  const { valid, errors } = await new Validator().validate(JSON.parse(process.argv[1]));
  console.log(JSON.stringify({ valid, errors }));
`;

test('the OpenAPI document is one', () => {
  const validated = (text: string): unknown => {
    const args = ['--input-type=module', '-e', VALIDATE, text];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: __dirname, encoding: 'utf8' });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout);
  };
  expect(validated(JSON.stringify(openApi()))).toEqual({ valid: true });
  expect(validated(JSON.stringify({ ...openApi(), info: {} }))).toMatchObject({ valid: false });
});

test('what /status says is what the document says that it does', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'document', ...document });
  const validate = ajv.compile({ $ref: 'document#/components/schemas/Status' });
  const lastRejection = { at: '2026-01-01T00:00:00Z', code: 'SERVERLESS_HOLD_TIMEOUT' } as const;
  const all = status([
    backend({ lastRejection, addresses: undefined, asleepSeconds: undefined }),
    backend({ coldStarts: [coldStart({ traceId: 'a', podReadyMs: 5 })] }),
  ]);
  for (const said of [all, { ...all, kubernetes: 'off' }]) {
    validate(JSON.parse(JSON.stringify(said)));
    expect(validate.errors).toBeNull();
  }
  validate({ ...all, backends: [{ target: '/foo' }] });
  expect(validate.errors).not.toBeNull();
});

test('docs name the file, and it has every path that the server has', () => {
  const server = readFileSync(join(__dirname, '../../../src/status/status-server.ts'), 'utf8');
  const paths = [...server.matchAll(/case '(\/[^']*)'/g)].map(([, path]) => path ?? '');
  expect(paths.length).toBeGreaterThan(4);
  expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(paths));
});

test('docs/openapi.json is up to date', () => {
  expect(readFileSync(join(__dirname, '../../../docs/openapi.json'), 'utf8')).toBe(openApiFile());
});
