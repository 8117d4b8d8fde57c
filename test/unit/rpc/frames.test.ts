import { encode, ExtData } from '@msgpack/msgpack';
import fc from 'fast-check';
import { FrameReader } from '../../../src/rpc/frames';

/** What a reader reports of chunks. */
function read(chunks: readonly Uint8Array[], maxBytes?: number) {
  const seen: { frames: Buffer[]; oversized: Buffer[]; malformed: Buffer[] } = {
    frames: [],
    oversized: [],
    malformed: [],
  };
  const reader = new FrameReader(
    {
      frame: (bytes) => seen.frames.push(Buffer.from(bytes)),
      oversized: (head) => seen.oversized.push(Buffer.from(head)),
      malformed: (head) => seen.malformed.push(Buffer.from(head)),
    },
    maxBytes,
  );
  for (const chunk of chunks) reader.read(Buffer.from(chunk));
  return seen;
}

/** Cuts bytes at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

const EVERY_TYPE = [
  [null, true, false],
  [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1],
  [-1, -32, -33, -128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1],
  [1.5, -1e300, NaN],
  ['', 'a'.repeat(31), 'a'.repeat(32), 'a'.repeat(255), 'a'.repeat(256), 'a'.repeat(65_536), 'ü€😀'],
  [new Uint8Array(0), new Uint8Array(255), new Uint8Array(256), new Uint8Array(65_536)],
  [[], new Array(15).fill(1), new Array(16).fill(1), new Array(65_535).fill(1), new Array(65_536).fill(1)],
  [{}, Object.fromEntries(new Array(15).entries()), Object.fromEntries(new Array(16).entries())],
  [Object.fromEntries(new Array(40_000).entries())],
  [1, 2, 4, 8, 16, 0, 3, 255, 256, 65_536].map((size) => new ExtData(5, new Uint8Array(size))),
  [new Date(0), new Date(1.5e12)],
];

describe('frames of MessagePack', () => {
  test.each(EVERY_TYPE)('a frame ends where its value ends: %#', (...values) => {
    const frames = values.map((value) => Buffer.from(encode(value)));
    expect(read([Buffer.concat(frames)]).frames).toEqual(frames);
  });

  test('a float 32, which our encoder never writes, has four bytes', () => {
    const bytes = Buffer.from([0xca, 0, 0, 0, 0]);
    expect(read([bytes, bytes]).frames).toEqual([bytes, bytes]);
  });

  test('messages are read however the bytes are split and coalesced (K24)', () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.integer(),
        fc.double(),
        fc.string({ maxLength: 300 }),
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom(null, true, false),
        fc.array(tie('value'), { maxLength: 20 }),
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          tie('value'),
          { maxKeys: 20 },
        ),
      ),
    })).value;
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 20 }), (values, places) => {
        const frames = values.map((one) => Buffer.from(encode(one)));
        const seen = read(cut(Buffer.concat(frames), places));
        expect(seen).toEqual({ frames, oversized: [], malformed: [] });
      }),
      { numRuns: 500 },
    );
  });

  test('a frame that comes byte by byte is read', () => {
    const frame = Buffer.from(encode([0, 70_000, 'plugin.Step', [{ EventId: 3, Data: 'x'.repeat(300) }]]));
    expect(read([...frame].map((byte) => Buffer.from([byte]))).frames).toEqual([frame]);
  });

  test('a truncated frame is awaited, and reported as nothing', () => {
    const frame = encode(['abc', 1, 2]);
    expect(read([frame.subarray(0, frame.length - 1)])).toEqual({ frames: [], oversized: [], malformed: [] });
  });

  test('the type byte that MessagePack never uses is malformed, and ends the reading', () => {
    const good = encode([1]);
    const seen = read([good, Buffer.from([0x92, 0x01, 0xc1]), good]);
    expect(seen.frames).toEqual([Buffer.from(good)]);
    expect(seen.malformed).toEqual([Buffer.from([0x92, 0x01, 0xc1])]);
  });

  test('a frame that announces more values than any call of Kong has is malformed, before they are awaited', () => {
    const seen = read([Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff])]);
    expect(seen.malformed).toHaveLength(1);
  });

  test.each([
    ['arrays in arrays', [0x91]],
    ['maps in maps', [0x81, 0x01]],
    ['many small arrays', [0xdc, 0xff, 0xff, ...new Array<number>(100).fill(0xdc).flatMap(() => [0xdc, 0x0f, 0xff])]],
  ])('15 MB of %s are malformed after their first bytes, without the memory that they would take', (_, pattern) => {
    const bytes = Buffer.alloc(15 * 1024 * 1024, Buffer.from(pattern));
    const before = process.memoryUsage().heapUsed;
    const from = performance.now();
    const seen = read(cut(bytes, [100, 65_536]));
    expect(seen.malformed).toHaveLength(1);
    expect(seen.frames).toEqual([]);
    // It took 3.8 s and 2.6 GB.
    expect(performance.now() - from).toBeLessThan(1000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * 1024 * 1024);
  });

  test('what is nested no deeper than Kong nests is read, and one level too many is not', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1), 2]);
    const deep = Buffer.from(encode(nested(32)));
    expect(read(cut(deep, [5, 20])).frames).toEqual([deep]);
    expect(read([encode(nested(33))]).malformed).toHaveLength(1);
  });

  test.each([
    ['whole in one chunk', (bytes: Buffer) => [bytes]],
    ['in pieces', (bytes: Buffer) => cut(bytes, [3, 90, 150, 151, 700, 1020])],
    ['byte by byte', (bytes: Buffer) => [...bytes].map((byte) => Buffer.from([byte]))],
  ])('a frame above the limit that comes %s is reported once, skipped, and the next one is read', (_, split) => {
    const large = Buffer.from(encode([0, 9, 'plugin.Step', ['x'.repeat(500), new Array(20).fill('y'.repeat(20))]]));
    const next = Buffer.from(encode([0, 10, 'plugin.GetStatus', []]));
    const seen = read(split(Buffer.concat([next, large, next])), 100);
    expect(seen.frames).toEqual([next, next]);
    expect(seen.oversized).toHaveLength(1);
    expect(seen.oversized[0]?.subarray(0, 10)).toEqual(large.subarray(0, 10));
    expect(seen.malformed).toEqual([]);
  });

  test('a frame above the limit is reported as soon as its length is known, not after gigabytes', () => {
    const head = Buffer.from([0x94, 0x00, 0x07, 0xdb, 0xff, 0xff, 0xff, 0xff]);
    expect(read([head], 1000).oversized).toEqual([head]);
  });

  test('bytes that are skipped are not kept', () => {
    const megabyte = Buffer.alloc(1024 * 1024);
    const chunks = function* () {
      yield Buffer.from([0xdb, 0xff, 0xff, 0xff, 0xff]);
      for (let n = 0; n < 300; n += 1) yield megabyte;
    };
    const reader = new FrameReader({ frame: fail, oversized: () => undefined, malformed: fail }, 1000);
    const before = process.memoryUsage().arrayBuffers;
    for (const chunk of chunks()) reader.read(chunk);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 1024 * 1024);
  });

  test('what is malformed inside a skipped frame is reported without a head, which would be somewhere in its middle', () => {
    const start = Buffer.from([0x92, 0xda, 0x03, 0xe8, ...new Uint8Array(1000)]);
    const seen = read([start, Buffer.from([0xc1])], 100);
    expect(seen.oversized).toHaveLength(1);
    expect(seen.malformed).toEqual([Buffer.alloc(0)]);
  });
});

function fail(): never {
  throw new Error('not expected');
}
