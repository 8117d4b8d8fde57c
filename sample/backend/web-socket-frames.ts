/** The opcodes of RFC 6455 that the sample knows. */
export const OPCODE = { text: 1, close: 8, ping: 9, pong: 10 } as const;

/** The longest text that is echoed, bytes. */
export const LONGEST = 65_536;

/** Why a connection is closed, as RFC 6455 numbers it. */
export const CLOSE = { normal: 1000, wrong: 1002, unsupported: 1003, tooLong: 1009 } as const;

/** One frame of a client. */
export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export type Read =
  | { readonly is: 'frame'; readonly frame: Frame; readonly rest: Buffer }
  /** The frame is not all there yet. */
  | { readonly is: 'incomplete' }
  | { readonly is: 'wrong'; readonly code: number };

/** Reads a client's frame from the start of what has arrived. Only whole messages are taken, no fragments. */
export function readFrame(bytes: Buffer): Read {
  if (bytes.length < 2) return { is: 'incomplete' };
  const [first, second] = [bytes.readUInt8(0), bytes.readUInt8(1)];
  const [isFinal, isMasked, short] = [first >= 0x80, second >= 0x80, second & 0x7f];
  // A client that does not mask must be closed; the other bits belong to extensions, and none was agreed on.
  if (!isMasked || (first & 0x70) !== 0) return { is: 'wrong', code: CLOSE.wrong };
  if (!isFinal || (first & 0x0f) === 0) return { is: 'wrong', code: CLOSE.unsupported };
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const mask = 2 + lengthBytes;
  if (bytes.length < mask + 4) return { is: 'incomplete' };
  const length =
    lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length > LONGEST) return { is: 'wrong', code: CLOSE.tooLong };
  const start = mask + 4;
  if (bytes.length < start + length) return { is: 'incomplete' };
  const payload = Buffer.from(bytes.subarray(start, start + length));
  for (let index = 0; index < length; index += 1)
    payload.writeUInt8(payload.readUInt8(index) ^ bytes.readUInt8(mask + (index % 4)), index);
  return { is: 'frame', frame: { opcode: first & 0x0f, payload }, rest: bytes.subarray(start + length) };
}

/** A frame of the server: whole, and not masked. */
export function writeFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([0x80 | opcode, length]), payload]);
  const head = Buffer.alloc(length <= 0xffff ? 4 : 10);
  head.writeUInt8(0x80 | opcode, 0);
  head.writeUInt8(length <= 0xffff ? 126 : 127, 1);
  if (length <= 0xffff) head.writeUInt16BE(length, 2);
  else head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** The frame that says why the connection ends. */
export function closeFrame(code: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return writeFrame(OPCODE.close, payload);
}
