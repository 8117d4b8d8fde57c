import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES, ServerlessError } from '../../../src/core/errors';
import { toHttpAnswer } from '../../../src/kong/reject';

const page = readFileSync(join(__dirname, '../../../docs/errors.md'), 'utf8');

test('the design names these codes, and there are no others', () => {
  expect([...ERROR_CODES].sort()).toEqual([
    'SERVERLESS_CIRCUIT_OPEN',
    'SERVERLESS_CONFIG_INVALID',
    'SERVERLESS_HOLD_OVERFLOW',
    'SERVERLESS_HOLD_TIMEOUT',
    'SERVERLESS_INTERNAL',
    'SERVERLESS_MAINTENANCE',
    'SERVERLESS_NO_WAKE',
    'SERVERLESS_SHUTTING_DOWN',
    'SERVERLESS_WAKE_BUDGET',
    'SERVERLESS_WAKE_REFUSED',
  ]);
});

describe.each(ERROR_CODES)('%s', (code) => {
  const answer = toHttpAnswer(new ServerlessError(code, 'What happened.'));
  const problem = JSON.parse(answer.body) as Record<string, unknown>;

  test('is a problem document that says when to come back and is not cached', () => {
    expect(answer.status).toBe(503);
    expect(answer.headers).toEqual({
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      'Retry-After': expect.stringMatching(/^[1-9]\d*$/),
    });
    expect(problem).toEqual({
      type: `docs/errors.md#${code.toLowerCase()}`,
      title: expect.stringMatching(/^[A-Z].{10,}[^.]$/),
      status: 503,
      code,
      detail: 'What happened.',
    });
  });

  test('has a section of its own in docs/errors.md, with the title and the seconds that the client sees', () => {
    const section = page.split(/^## /m).find((text) => text.startsWith(`\`${code}\``));
    expect(section).toContain(`“${String(problem['title'])}”`);
    expect(section).toContain(`Retry-After: ${answer.headers['Retry-After']}`);
    for (const heading of ['**Means**', '**The client sees**', '**What to do**']) expect(section).toContain(heading);
  });
});

test('docs/errors.md names no code that does not exist', () => {
  const named = [...new Set(page.match(/SERVERLESS_[A-Z_]+/g))].filter((name) => !PROCESS_SETTINGS.has(name));
  expect(named.sort()).toEqual([...ERROR_CODES].sort());
});

/** Environment variables share the prefix. */
const PROCESS_SETTINGS = new Set(['SERVERLESS_MAX_HELD', 'SERVERLESS_GATEWAY_URL', 'SERVERLESS_DEBUG_ERRORS']);

test('an answer carries the last probe and the last publish, and a status of its own where one is configured', () => {
  const error = new ServerlessError('SERVERLESS_NO_WAKE', 'It sleeps.', {
    backend: '/kong',
    lastProbe: { status: 503 },
    lastPublish: { outcome: 'refused', status: 404, error: 'ERR_PUBSUB_NOT_FOUND', message: 'no pubsub of that name' },
    status: 404,
  });
  const answer = toHttpAnswer(error);
  expect(answer.status).toBe(404);
  expect(JSON.parse(answer.body)).toMatchObject({
    status: 404,
    backend: '/kong',
    lastProbe: { status: 503 },
    lastPublish: { outcome: 'refused', status: 404 },
  });
});

test('the words of Dapr and of a probe are not for strangers, unless the operator wants that', () => {
  const error = new ServerlessError('SERVERLESS_WAKE_REFUSED', 'Refused.', {
    lastProbe: { error: 'ECONNREFUSED: connect 10.1.2.3:8000' },
    lastPublish: { outcome: 'refused', status: 404, error: 'ERR_PUBSUB_NOT_FOUND', message: 'pubsub secret-name' },
  });
  expect(toHttpAnswer(error).body).not.toMatch(/10\.1\.2\.3|secret-name|ERR_PUBSUB/);
  expect(toHttpAnswer(error, true).body).toMatch(/10\.1\.2\.3.*ERR_PUBSUB_NOT_FOUND.*secret-name/);
});

test('an error names its code first', () => {
  const error = new ServerlessError('SERVERLESS_HOLD_TIMEOUT', 'Too late.');
  expect(error.message).toBe('SERVERLESS_HOLD_TIMEOUT: Too late.');
  expect(error.name).toBe('ServerlessError');
});
