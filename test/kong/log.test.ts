import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, removeFolder } from '../../real-parts/guard';
import { tally } from '../../real-parts/http';
import { KongRig } from '../support/kong-rig';
import { describeWith } from '../support/suite';

const backends = [
  { name: 'never', plugin: { hold_timeout: 3000 } },
  { name: 'quick', plugin: { hold_timeout: 30_000 } },
];

/** What every gateway owes its clients, whatever becomes of its log. */
const expectHoldsToEnd = async (rig: KongRig): Promise<void> => {
  // Each of them is a line: Dapr does not take the message, and the requests are rejected.
  rig.dapr.answer = { status: 500 };
  const answers = await rig.burst(3, '/never/');
  expect(tally(answers)).toEqual({ 503: 3 });
  for (const { body, ms } of answers) {
    expect(body).toContain('SERVERLESS_HOLD_TIMEOUT');
    expect(ms).toBeLessThan(6000);
  }
  rig.dapr.answer = { status: 204 };
  const held = rig.burst(3, '/quick/');
  await rig.holds(3, 'quick');
  await rig.backend('quick').become('ready');
  expect(tally(await held)).toEqual({ 200: 3 });
};

describeWith(['kong'], 'a log that cannot be written, on a real Kong', () => {
  let rig: KongRig | undefined;
  const descriptors: number[] = [];
  let folder: string;
  beforeEach(() => {
    folder = makeFolder('log');
  });
  afterEach(async () => {
    await rig?.stop();
    for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
    await removeFolder(folder);
  });

  test('on a full disk, requests are released, and rejected at their deadline', async () => {
    rig = await KongRig.start({ backends, logFile: '/dev/full' });
    await expectHoldsToEnd(rig);
  }, 120_000);

  test('in a full pipe that nobody reads: the same', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    // Opened for both, so that opening it to write does not wait for a reader.
    const end = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    descriptors.push(end);
    expect(() => {
      for (;;) writeSync(end, '.'.repeat(1024));
    }).toThrow('EAGAIN');
    rig = await KongRig.start({ backends, logFile: pipe });
    await expectHoldsToEnd(rig);
  }, 120_000);
});
