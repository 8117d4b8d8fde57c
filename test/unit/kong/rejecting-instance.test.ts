import pino from 'pino';
import { RejectingInstance } from '../../../src/kong/rejecting-instance';
import { FakeClock } from '../../support/fake-clock';
import { FakeKong } from '../../support/fake-kong';

function rejecting(reason: string) {
  const lines: string[] = [];
  const rejected: string[] = [];
  const clock = new FakeClock();
  const instance = new RejectingInstance('SERVERLESS_CONFIG_INVALID', reason, {
    clock,
    log: pino({}, { write: (line: string) => lines.push(line) }),
    onRejected: (code) => rejected.push(code),
  });
  const ask = async (): Promise<FakeKong> => {
    const kong = new FakeKong();
    await instance.access(kong);
    return kong;
  };
  return { instance, lines, rejected, clock, ask };
}

test('an invalid configuration rejects every request with 503, with what to correct in Kong’s log', async () => {
  const { lines, rejected, clock, ask } = rejecting('lease: 60000: write less than message_ttl');
  expect(lines.join()).toContain('write less than message_ttl');
  for (let request = 0; request < 3; request++) {
    const kong = await ask();
    await clock.advance(1000);
    expect(kong.exited).toMatchObject({ status: 503, headers: { 'Content-Type': 'application/problem+json' } });
    expect(kong.problem).toMatchObject({ code: 'SERVERLESS_CONFIG_INVALID' });
    expect(kong.logged).toEqual(['serverless: SERVERLESS_CONFIG_INVALID: lease: 60000: write less than message_ttl']);
    // The client is not told how the gateway is configured.
    expect(kong.exited?.body).not.toContain('message_ttl');
  }
  expect(rejected).toEqual(new Array(3).fill('SERVERLESS_CONFIG_INVALID'));
});

test('of many requests in a second, one writes the reason to Kong’s log, and each is rejected and counted', async () => {
  const { lines, rejected, clock, ask } = rejecting('topic: "": write a name');
  const kongs: FakeKong[] = [];
  for (let n = 0; n < 100; n += 1) {
    kongs.push(await ask());
    await clock.advance(10);
  }
  expect(kongs.flatMap(({ logged }) => logged)).toHaveLength(1);
  expect(kongs.every(({ exited }) => exited?.status === 503)).toBe(true);
  expect(rejected).toHaveLength(100);
  expect(lines).toHaveLength(1);
  expect((await ask()).logged).toHaveLength(1);
});

test('a request that cannot be answered ends, with the reason in the process log', async () => {
  const { instance, lines } = rejecting('topic: "": write a name');
  const kong = new FakeKong();
  kong.failOn = 'response.exit';
  await expect(instance.access(kong)).resolves.toBeUndefined();
  expect(lines.join()).toContain('Kong failed at response.exit');
});
