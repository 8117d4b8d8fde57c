import { AccessLog, OWN_AGENT } from '../../../demo/access-log';
import { keptJournal } from './kept-journal';
import { ManualClock } from './manual-clock';

const request = { method: 'GET', path: '/foo', headers: {}, status: 200, ms: 1200 };

function setUp() {
  const clock = new ManualClock();
  const { journal, texts } = keptJournal(clock);
  return { clock, texts, log: new AccessLog(clock, journal) };
}

describe('the access log', () => {
  test('one answer is one line', async () => {
    const { clock, texts, log } = setUp();
    log.answered(request);
    await clock.pass(250);

    expect(texts()).toEqual(['GET /foo 200 after 1.2 s']);
  });

  test('a burst is one line for each status', async () => {
    const { clock, texts, log } = setUp();
    for (let i = 0; i < 99; i++) log.answered(request);
    log.answered({ ...request, ms: 3000 });
    log.answered({ ...request, status: 503 });
    await clock.pass(250);

    expect(texts()).toEqual(['GET /foo 200 x 100, the slowest after 3.0 s', 'GET /foo 503 after 1.2 s']);
  });

  test("the plugin's probes and the page's own requests are left out", async () => {
    const { clock, texts, log } = setUp();
    log.answered({ ...request, headers: { 'x-serverless-probe': 'token' } });
    log.answered({ ...request, headers: { 'user-agent': OWN_AGENT } });
    await clock.pass(250);

    expect(texts()).toEqual([]);
  });
});
