/** A frame above this size is skipped instead of kept. Kong's largest call carries one plugin configuration. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/**
 * A frame with more values than this, at all depths, is malformed. Kong's largest one, a map of headers, has some hundreds. Without
 * a bound a few bytes that announce four billion values would be awaited, and 15 MB of arrays within arrays decoded into gigabytes.
 */
export const MAX_FRAME_ITEMS = 100_000;
/** A frame with arrays and maps nested deeper than this is malformed. Kong's have five levels. */
export const MAX_FRAME_DEPTH = 32;

/** So much of a bad frame is kept to find out which call it was. */
const HEAD_BYTES = 64;

/** What the reader found in the stream. */
export interface FrameHandler {
  /** One complete frame. The bytes are valid during the call only. */
  frame(bytes: Uint8Array): void;
  /** A frame above the limit begins so. The rest of it is skipped, and the frames after it are read as usual. */
  oversized(head: Uint8Array): void;
  /** Not MessagePack. Nothing after it can be read. */
  malformed(head: Uint8Array): void;
}

const EMPTY = Buffer.alloc(0);

/**
 * Cuts a byte stream into MessagePack frames, however the bytes are split or coalesced (K24: kong-pdk's listener dies of
 * two frames in one chunk). It only measures a frame, value by value; decoding is done once the frame is complete. The position
 * is kept between chunks, so that a large frame in many chunks is measured once.
 */
export class FrameReader {
  /** Bytes of the unfinished frame, with room to grow. */
  #store = EMPTY;
  #stored = 0;
  /** Where the next value begins, counted from the frame's first byte that is kept; beyond them while a payload is awaited. */
  #position = 0;
  /** Arrays and maps that are open, and the frame itself; 0 between frames, and when only a payload is awaited. */
  #depth = 0;
  /** Values that each of them still lacks, outermost first. */
  readonly #missing = new Uint32Array(MAX_FRAME_DEPTH + 1);
  /** Values that the frame has announced so far. */
  #items = 0;
  #skipping = false;
  #broken = false;
  readonly #handler: FrameHandler;
  readonly #maxBytes: number;

  constructor(handler: FrameHandler, maxBytes: number = MAX_FRAME_BYTES) {
    this.#handler = handler;
    this.#maxBytes = maxBytes;
  }

  /** Takes the next bytes of the stream, and reports every frame that they complete. */
  read(chunk: Buffer): void {
    if (this.#broken) return;
    const data = this.#stored === 0 ? chunk : this.#append(chunk);
    let start = 0;
    while (start < data.length) {
      if (this.#depth === 0 && this.#position === 0) this.#begin();
      const complete = this.#measure(data, start);
      if (complete === undefined) {
        this.#broken = true;
        this.#store = EMPTY;
        this.#handler.malformed(this.#skipping ? EMPTY : data.subarray(start, start + HEAD_BYTES));
        return;
      }
      if (!complete) {
        this.#keep(data, start);
        return;
      }
      const frame = data.subarray(start, start + this.#position);
      const skipped = this.#skipping;
      start += this.#position;
      this.#position = 0;
      this.#skipping = false;
      if (skipped) continue;
      if (frame.length > this.#maxBytes) this.#handler.oversized(frame.subarray(0, HEAD_BYTES));
      else this.#handler.frame(frame);
    }
    if (this.#stored === 0) return;
    this.#stored = 0;
    this.#store = EMPTY;
  }

  #begin(): void {
    this.#depth = 1;
    this.#missing[0] = 1;
    this.#items = 1;
  }

  #append(chunk: Buffer): Buffer {
    const length = this.#stored + chunk.length;
    if (length > this.#store.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, 2 * this.#store.length));
      this.#store.copy(grown, 0, 0, this.#stored);
      this.#store = grown;
    }
    chunk.copy(this.#store, this.#stored);
    return this.#store.subarray(0, length);
  }

  /** Keeps what is there of the unfinished frame that begins at `start`; of one that is skipped, only what is not measured yet. */
  #keep(data: Buffer, start: number): void {
    if (!this.#skipping && this.#position > this.#maxBytes) {
      this.#skipping = true;
      this.#handler.oversized(data.subarray(start, start + HEAD_BYTES));
    }
    let from = start;
    if (this.#skipping) {
      const measured = Math.min(this.#position, data.length - start);
      from += measured;
      this.#position -= measured;
    }
    const rest = data.subarray(from);
    if (rest.buffer === this.#store.buffer && rest.byteOffset === this.#store.byteOffset) {
      this.#stored = rest.length;
      return;
    }
    // A copy: the chunk, or the larger store, would stay in memory for the sake of its last bytes.
    this.#store = Buffer.from(rest);
    this.#stored = rest.length;
  }

  /** Moves the position over values until the frame is complete: true, the bytes are used up: false, or are bad: undefined. */
  #measure(data: Buffer, start: number): boolean | undefined {
    const available = data.length - start;
    const missing = this.#missing;
    let position = this.#position;
    let depth = this.#depth;
    while (depth > 0 && position < available) {
      const at = start + position;
      const type = data[at] as number;
      const lengthBytes = LENGTH_BYTES[type] as number;
      if (lengthBytes === INVALID) return undefined;
      if (position + 1 + lengthBytes > available) break;
      const length = lengthBytes === 0 ? (FIXED_LENGTH[type] as number) : data.readUIntBE(at + 1, lengthBytes);
      const itemsEach = ITEMS_EACH[type] as number;
      position += 1 + lengthBytes;
      if (itemsEach === 0) {
        position += length + (EXTRA_BYTES[type] as number);
      } else if (length > 0) {
        const items = itemsEach * length;
        this.#items += items;
        if (this.#items > MAX_FRAME_ITEMS || depth > MAX_FRAME_DEPTH) return undefined;
        missing[depth] = items;
        depth += 1;
        continue;
      }
      // The value is complete, and so is what it was the last one of.
      while (depth > 0 && (missing[depth - 1] = (missing[depth - 1] as number) - 1) === 0) depth -= 1;
    }
    this.#position = position;
    this.#depth = depth;
    return depth === 0 && position <= available;
  }
}

const INVALID = 255;
/** By type byte: bytes of its length field. */
const LENGTH_BYTES = new Uint8Array(256);
/** By type byte: the length, in bytes or items, of a type without a length field. */
const FIXED_LENGTH = new Uint8Array(256);
/** By type byte: values per unit of length, 1 for arrays, 2 for maps, 0 where the length counts bytes. */
const ITEMS_EACH = new Uint8Array(256);
/** By type byte: bytes beside the length, which is the type of an extension. */
const EXTRA_BYTES = new Uint8Array(256);

for (let n = 0; n < 16; n += 1) {
  FIXED_LENGTH[0x80 + n] = n;
  ITEMS_EACH[0x80 + n] = 2;
  FIXED_LENGTH[0x90 + n] = n;
  ITEMS_EACH[0x90 + n] = 1;
}
for (let n = 0; n < 32; n += 1) FIXED_LENGTH[0xa0 + n] = n;
LENGTH_BYTES[0xc1] = INVALID;
// bin, ext, str, array and map, each with a length field of 1, 2 or 4 bytes
for (const [type, lengthBytes] of [
  [0xc4, 1],
  [0xc5, 2],
  [0xc6, 4],
  [0xc7, 1],
  [0xc8, 2],
  [0xc9, 4],
] as const) {
  LENGTH_BYTES[type] = lengthBytes;
  if (type >= 0xc7) EXTRA_BYTES[type] = 1;
}
for (const [type, lengthBytes] of [
  [0xd9, 1],
  [0xda, 2],
  [0xdb, 4],
] as const)
  LENGTH_BYTES[type] = lengthBytes;
for (const [type, lengthBytes] of [
  [0xdc, 2],
  [0xdd, 4],
  [0xde, 2],
  [0xdf, 4],
] as const) {
  LENGTH_BYTES[type] = lengthBytes;
  ITEMS_EACH[type] = type < 0xde ? 1 : 2;
}
// numbers: float 32 and 64, uint 8 to 64, int 8 to 64
for (const [type, bytes] of [
  [0xca, 4],
  [0xcb, 8],
  [0xcc, 1],
  [0xcd, 2],
  [0xce, 4],
  [0xcf, 8],
] as const) {
  FIXED_LENGTH[type] = bytes;
}
for (const [type, bytes] of [
  [0xd0, 1],
  [0xd1, 2],
  [0xd2, 4],
  [0xd3, 8],
] as const)
  FIXED_LENGTH[type] = bytes;
// extensions of 1 to 16 bytes
for (const [type, bytes] of [
  [0xd4, 1],
  [0xd5, 2],
  [0xd6, 4],
  [0xd7, 8],
  [0xd8, 16],
] as const) {
  FIXED_LENGTH[type] = bytes;
  EXTRA_BYTES[type] = 1;
}
