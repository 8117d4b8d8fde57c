import fs from 'node:fs';
import { LogDestination } from '../../../src/adapters/log-destination';
import { FakeClock, flush } from '../../support/fake-clock';

const KIB = 1024;

/** What standard error does with a write: takes so many bytes, or fails. */
type Answer = number | string;

/** A log whose file descriptor is played by the test. */
class LogRig {
  readonly clock = new FakeClock();
  /** Everything that was written. */
  written = '';
  writes = 0;
  /** The next answers; after them everything is taken. */
  readonly answers: Answer[] = [];
  /** The answer to every write while it is set. */
  always: Answer | undefined;
  readonly reports: number[] = [];
  readonly log: LogDestination;
  /** Writes that the caller waited for. */
  synchronous = 0;

  constructor(waits: boolean) {
    this.log = new LogDestination({ fd: 7, waits }, this.clock, (dropped) => {
      this.reports.push(dropped);
      this.log.write(`${dropped} dropped\n`);
    });
    jest.spyOn(fs, 'writeSync').mockImplementation((_fd, chunk) => {
      this.synchronous += 1;
      return this.#take(chunk as unknown as Buffer);
    });
    jest.spyOn(fs, 'write').mockImplementation(((
      _fd: number,
      chunk: Buffer,
      done: (error: unknown, bytes: number) => void,
    ) => {
      setImmediate(() => {
        try {
          done(null, this.#take(chunk));
        } catch (error) {
          done(error, 0);
        }
      });
    }) as typeof fs.write);
  }

  get lines(): string[] {
    return this.written.split('\n').slice(0, -1);
  }

  #take(chunk: Buffer): number {
    this.writes += 1;
    const answer = this.always ?? this.answers.shift() ?? chunk.length;
    if (typeof answer === 'string') throw Object.assign(new Error(answer), { code: answer });
    const bytes = Math.min(answer, chunk.length);
    this.written += chunk.toString('utf8', 0, bytes);
    return bytes;
  }

  /** Lines of 1 KiB, numbered. */
  fill(count: number, from = 0): void {
    for (let n = from; n < from + count; n++) this.log.write(`${String(n).padEnd(KIB - 1, '.')}\n`);
  }

  get numbers(): number[] {
    return this.lines.filter((line) => line.includes('...')).map((line) => parseInt(line, 10));
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

afterEach(() => jest.restoreAllMocks());

describe.each([
  ['a pipe', false],
  ['a file', true],
])('the log on %s', (_what, waits) => {
  const settle = async (rig: LogRig): Promise<void> => {
    for (let turn = 0; turn < 300; turn++) await flush();
    expect(rig.log).toBeDefined();
  };

  test('has every line, whole and in order', async () => {
    const rig = new LogRig(waits);
    rig.log.write('one\n');
    rig.log.write('two: ä\n');
    await settle(rig);
    expect(rig.written).toBe('one\ntwo: ä\n');
    expect(rig.clock.pending).toBe(0);
  });

  test.each(['ENOSPC', 'EIO', 'EAGAIN'])(
    'keeps what %s keeps from being written, and writes it later',
    async (code) => {
      const rig = new LogRig(waits);
      rig.always = code;
      rig.fill(10);
      await settle(rig);
      expect(rig.written).toBe('');
      rig.always = undefined;
      await rig.clock.advance(1000);
      await settle(rig);
      expect(rig.numbers).toEqual(upTo(10));
      expect([rig.log.dropped, rig.reports, rig.clock.pending]).toEqual([0, [], 0]);
    },
  );

  test('tries once a second while nothing can be written, and not once per line', async () => {
    const rig = new LogRig(waits);
    rig.always = 'ENOSPC';
    rig.fill(10);
    await rig.clock.advance(2000);
    rig.writes = 0;
    for (let second = 0; second < 10; second++) {
      rig.fill(100);
      await rig.clock.advance(1000);
    }
    expect(rig.writes).toBeLessThanOrEqual(10);
  });

  test('goes on where a write ended in the middle of a line', async () => {
    const rig = new LogRig(waits);
    rig.answers.push(3, 'EAGAIN', 1, 'EAGAIN', 0);
    rig.log.write('first line\n');
    rig.log.write('second line\n');
    for (let turn = 0; turn < 10; turn++) await rig.clock.advance(1000);
    expect(rig.written).toBe('first line\nsecond line\n');
  });

  test('keeps a bounded number of bytes, counts what it drops, and says so once there is room again', async () => {
    const rig = new LogRig(waits);
    rig.always = 'ENOSPC';
    rig.fill(1000);
    await settle(rig);
    expect(rig.log.dropped).toBe(1000 - 256);
    rig.always = undefined;
    await rig.clock.advance(1000);
    await settle(rig);
    rig.fill(1, 1000);
    await settle(rig);
    expect(rig.reports).toEqual([744]);
    expect(rig.numbers).toEqual([...upTo(256), 1000]);
    expect(rig.lines).toHaveLength(258);
    expect(rig.log.dropped).toBe(744);
  });

  test('after a line that is larger than all the room, takes those that are not', async () => {
    const rig = new LogRig(waits);
    rig.log.write(`${'x'.repeat(300 * KIB)}\n`);
    rig.log.write('next\n');
    await settle(rig);
    expect(rig.lines).toEqual(['next', '1 dropped']);
  });

  test('keeps nothing for a reader that is gone, and costs nothing then', async () => {
    const rig = new LogRig(waits);
    rig.answers.push('EPIPE');
    rig.log.write('nobody\n');
    await settle(rig);
    expect(rig.clock.pending).toBe(0);
    expect(rig.log.dropped).toBe(1);
    rig.log.write('somebody\n');
    await settle(rig);
    expect(rig.lines).toEqual(['somebody', '1 dropped']);
  });

  test('writes in pieces that a pipe takes whole, each of whole lines', async () => {
    const rig = new LogRig(waits);
    rig.answers.push('EAGAIN');
    rig.fill(21);
    rig.log.write(`${'long'.repeat(3000)}\n`);
    await settle(rig);
    rig.writes = 0;
    await rig.clock.advance(20);
    await settle(rig);
    // The line that was tried first, five times four lines of 1 KiB, the long one.
    expect(rig.writes).toBe(7);
    expect(rig.lines).toHaveLength(22);
  });

  test('is written when the process ends', async () => {
    const rig = new LogRig(waits);
    rig.always = 'ENOSPC';
    rig.fill(300);
    await settle(rig);
    rig.always = undefined;
    rig.log.end();
    expect(rig.numbers).toEqual(upTo(256));
    expect(rig.reports).toEqual([44]);
    rig.log.write('the last words\n');
    expect(rig.lines.slice(-2)).toEqual(['44 dropped', 'the last words']);
  });

  test('does not keep a process from ending when it cannot be written', async () => {
    const rig = new LogRig(waits);
    rig.always = 'ENOSPC';
    rig.fill(10);
    await settle(rig);
    rig.writes = 0;
    rig.log.end();
    expect(rig.writes).toBe(1);
    expect(rig.log.dropped).toBe(10);
  });
});

test('a pipe has a line when `write` returns; a disk is not waited for', async () => {
  const pipe = new LogRig(false);
  pipe.log.write('now\n');
  expect(pipe.written).toBe('now\n');
  const disk = new LogRig(true);
  disk.log.write('later\n');
  expect([disk.written, disk.synchronous]).toEqual(['', 0]);
  await flush();
  await flush();
  expect([disk.written, disk.synchronous]).toEqual(['later\n', 0]);
});

test('a reader that is only slow is waited for at the end of the process, for a moment', () => {
  const rig = new LogRig(false);
  let now = 0;
  jest.spyOn(rig.clock, 'now').mockImplementation(() => now++ * 50);
  rig.always = 'EAGAIN';
  rig.log.write('kept\n');
  rig.log.end();
  expect(rig.log.dropped).toBe(1);
  expect(rig.writes).toBeGreaterThan(2);
  expect(rig.writes).toBeLessThan(10);
});
