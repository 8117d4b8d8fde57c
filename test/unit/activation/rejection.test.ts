import { rejection } from '../../../src/activation/rejection';
import { exampleBackend } from '../core/example-backend';

const taken = { lastReport: { outcome: 'accepted', status: 204 }, limits: { denied: undefined } } as const;
const probing = { lastReport: { status: 503 } };
const detailWith = (pods: readonly unknown[] | undefined): string =>
  rejection('SERVERLESS_HOLD_TIMEOUT', exampleBackend(), probing, taken, pods).detail;

test('at the deadline it is the queue that is asked for where no pod came, or none can be seen', () => {
  expect(detailWith(undefined)).toContain('is a queue bound to its topic');
  expect(detailWith([])).toContain('is a queue bound to its topic');
});

test('and image and health path where one came', () => {
  expect(detailWith([{}])).toContain('do its image and its health path work?');
  expect(detailWith([{}])).not.toContain('queue');
});

test('a wake-up that was not allowed says when the next one is', () => {
  const denied = { code: 'SERVERLESS_WAKE_BUDGET', detail: 'Too often.', retryAfterMs: 1500 } as const;
  const publishing = { ...taken, limits: { denied } };
  const error = rejection('SERVERLESS_WAKE_REFUSED', exampleBackend(), probing, publishing, undefined);
  expect(error).toMatchObject({ code: 'SERVERLESS_WAKE_BUDGET', detail: 'Too often.', context: { retryAfter: 2 } });
});
