import type { ErrorCode } from '../../../src/core/errors';
import { ServerlessError } from '../../../src/core/errors';
import { isGrpc } from '../../../src/core/grpc';
import { reject } from '../../../src/kong/reject';
import { FakeKong } from '../../support/fake-kong';
import { readStatusDetails } from '../../support/grpc-status';

const rejected = async (error: ServerlessError, contentType = 'application/grpc+proto', showReasons = false) => {
  const kong = new FakeKong({ headers: { 'Content-Type': contentType } });
  await reject(kong, error, showReasons);
  const { status, headers, body } = kong.exited!;
  const details = headers['grpc-status-details-bin'];
  return {
    status,
    headers,
    body,
    details: details === undefined ? undefined : readStatusDetails(Buffer.from(details, 'base64')),
  };
};

test.each([
  ['SERVERLESS_HOLD_TIMEOUT', 4],
  ['SERVERLESS_HOLD_OVERFLOW', 8],
  ['SERVERLESS_WAKE_REFUSED', 14],
  ['SERVERLESS_NO_WAKE', 14],
  ['SERVERLESS_SHUTTING_DOWN', 14],
  ['SERVERLESS_CONFIG_INVALID', 14],
  ['SERVERLESS_INTERNAL', 14],
] as const)('%s is grpc-status %d, in trailers alone', async (code: ErrorCode, status) => {
  const answer = await rejected(new ServerlessError(code, 'What happened.'));
  expect(answer).toMatchObject({
    status: 200,
    body: '',
    headers: {
      'Content-Type': 'application/grpc',
      'grpc-status': String(status),
      'grpc-message': `${code}: What happened.`,
    },
    details: {
      code: status,
      message: `${code}: What happened.`,
      errorInfo: { reason: code, domain: 'kong-serverless' },
    },
  });
  expect(answer.details!.retryInfo.retry_delay.seconds).toBeGreaterThan(0);
});

test('what is known of the backend is in ErrorInfo; the words of Dapr and of the probe only where the operator wants that', async () => {
  const error = new ServerlessError('SERVERLESS_WAKE_REFUSED', 'Refused.', {
    backend: '/sample.Greeter',
    lastProbe: { error: 'ECONNREFUSED: connect 10.1.2.3:8000' },
    lastPublish: { outcome: 'refused', status: 404, message: 'pubsub secret-name' },
  });
  const { details } = await rejected(error);
  expect(details!.errorInfo.metadata).toEqual({
    backend: '/sample.Greeter',
    lastProbe: '{}',
    lastPublish: '{"outcome":"refused","status":404}',
  });
  expect(JSON.stringify(await rejected(error, 'application/grpc', true))).toContain('secret-name');
});

test('a message of other letters is written byte by byte, a percent sign too, and a long one whole', async () => {
  const { headers, details } = await rejected(
    new ServerlessError('SERVERLESS_INTERNAL', `100 % für \n${'x'.repeat(300)}`),
  );
  expect(headers['grpc-message']).toBe(`SERVERLESS_INTERNAL: 100 %25 f%C3%BCr %0A${'x'.repeat(300)}`);
  expect(details!.message).toBe(`SERVERLESS_INTERNAL: 100 % für \n${'x'.repeat(300)}`);
});

test.each([
  ['application/grpc', true],
  ['application/grpc+proto', true],
  ['Application/gRPC; charset=x', true],
  ['application/grpc-web+proto', false],
  ['application/grpcish', false],
  ['application/json', false],
  [undefined, false],
])('Content-Type %s: %s', (contentType, expected) => {
  expect(isGrpc(contentType)).toBe(expected);
});

test('a client of HTTP gets a problem document, also where Kong does not say what it sent', async () => {
  const error = new ServerlessError('SERVERLESS_HOLD_TIMEOUT', 'Late.');
  expect(await rejected(error, 'application/json')).toMatchObject({ status: 503, details: undefined });
  const kong = new FakeKong();
  kong.failOn = 'request.get_header';
  await reject(kong, error);
  expect(kong.exited).toMatchObject({ status: 503 });
});
