import pino from 'pino';
import { RejectingInstance } from '../../../src/kong/rejecting-instance';
import { FakeKong } from '../../support/fake-kong';

function rejecting(reason: string) {
  const lines: string[] = [];
  const instance = new RejectingInstance(
    'SERVERLESS_CONFIG_INVALID',
    reason,
    pino({}, { write: (line: string) => lines.push(line) }),
  );
  return { instance, lines };
}

test('an invalid configuration answers every request 503, with what to correct in Kong’s log', async () => {
  const { instance, lines } = rejecting('lease: 60000: write less than message_ttl');
  expect(lines.join()).toContain('write less than message_ttl');
  for (let request = 0; request < 3; request++) {
    const kong = new FakeKong();
    await instance.access(kong);
    expect(kong.exited).toMatchObject({ status: 503, headers: { 'Content-Type': 'application/problem+json' } });
    expect(kong.problem).toMatchObject({ code: 'SERVERLESS_CONFIG_INVALID' });
    expect(kong.logged).toEqual(['serverless: SERVERLESS_CONFIG_INVALID: lease: 60000: write less than message_ttl']);
    // The client is not told how the gateway is configured.
    expect(kong.exited?.body).not.toContain('message_ttl');
  }
});

test('a request that cannot be answered ends, with the reason in the process log', async () => {
  const { instance, lines } = rejecting('topic: "": write a name');
  const kong = new FakeKong();
  kong.failOn = 'response.exit';
  await expect(instance.access(kong)).resolves.toBeUndefined();
  expect(lines.join()).toContain('Kong failed at response.exit');
});
