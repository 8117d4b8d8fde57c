import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { LiveStatus } from '../../../src/status/live-status';
import { FakeClock, flush } from '../../support/fake-clock';
import { backend, status } from './example-status';

/** A response whose reader takes nothing until it is asked to. */
class SlowResponse extends PassThrough {
  constructor(highWaterMark: number) {
    super({ highWaterMark });
  }

  writeHead(): this {
    return this;
  }

  get text(): string {
    return String(this.read() ?? '');
  }
}

describe('open pages', () => {
  let clock: FakeClock;
  let live: LiveStatus;
  let target: string;
  /** How often the backends were drawn. */
  let drawn: number;

  beforeEach(() => {
    clock = new FakeClock();
    target = '/one';
    drawn = 0;
    const backends = (): ReturnType<typeof status>['backends'] => {
      drawn += 1;
      return [backend({ target })];
    };
    live = new LiveStatus(() => Object.defineProperty(status(), 'backends', { get: backends }), clock);
  });

  function open(filter: string, highWaterMark = 1024 * 1024): SlowResponse {
    const response = new SlowResponse(highWaterMark);
    live.open(response as unknown as ServerResponse, filter);
    return response;
  }

  test('that show the same are drawn once, however many there are', async () => {
    const all = Array.from({ length: 16 }, () => open(''));
    for (const one of all) expect(one.text).toContain('/one');
    drawn = 0;
    target = '/two';
    await clock.advance(1000);
    expect(drawn).toBe(1);
    for (const one of all) expect(one.text).toContain('/two');
  });

  test('that show other backends are drawn in turns of their own, and again a second later', async () => {
    const responses = ['/', 'o', 'e'].map((filter) => open(filter));
    for (const one of responses) expect(one.text).toContain('/one');
    drawn = 0;
    await clock.advance(1000);
    const atOnce = drawn;
    await flush();
    await flush();
    await flush();
    expect(atOnce).toBeLessThan(3);
    expect(drawn).toBe(3);
    target = '/once more';
    await clock.advance(1000);
    expect(responses[0]?.text).toContain('/once more');
  });

  test('whose reader has stopped reading get nothing more, and the newest when it reads again', async () => {
    const slow = open('', 10);
    for (const next of ['/two', '/three', '/four']) {
      target = next;
      await clock.advance(1000);
    }
    const before = slow.text;
    expect(before).toContain('/one');
    expect(before).not.toMatch(/two|three|four/);
    await flush();
    await clock.advance(1000);
    const after = slow.text;
    expect(after).toContain('/four');
    expect(after).not.toMatch(/two|three/);
  });

  test('nothing is drawn once the last has left, or after it is closed in the middle of a round', async () => {
    const one = open('/');
    const other = open('o');
    await clock.advance(1000);
    live.close();
    await flush();
    await flush();
    expect(clock.pending).toBe(0);
    const late = open('e');
    for (const response of [one, other, late]) response.destroy();
    await flush();
    expect(clock.pending).toBe(0);
  });
});
