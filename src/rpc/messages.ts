import { Decoder, Encoder } from '@msgpack/msgpack';

/** One call of Kong: MessagePack-RPC's `[0, msgid, method, args]`. */
export interface Call {
  readonly msgid: number;
  /** With its name space: `plugin.HandleEvent`. */
  readonly method: string;
  readonly args: readonly unknown[];
}

const REQUEST = 0;
const RESPONSE = 1;
const NOTIFICATION = 2;

const decoder = new Decoder();
const encoder = new Encoder();

/** Decodes one frame. Undefined: MessagePack, but no call, or MessagePack that has no JavaScript value. */
export function decodeCall(bytes: Uint8Array): Call | undefined {
  let message: unknown;
  try {
    message = decoder.decode(bytes);
  } catch {
    return undefined;
  }
  if (!Array.isArray(message) || message.length !== 4) return undefined;
  const [type, msgid, method, args] = message as unknown[];
  if (type !== REQUEST || typeof msgid !== 'number' || typeof method !== 'string') return undefined;
  return { msgid, method, args: Array.isArray(args) ? args : [] };
}

/** Which call a frame was that cannot be decoded or kept, as far as its first bytes tell. */
export function readHead(head: Uint8Array): Pick<Call, 'msgid' | 'method'> | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  // [0, msgid, ...: an array of four whose first value is 0
  if (bytes[0] !== 0x94 || bytes[1] !== REQUEST) return undefined;
  const type = bytes[2] ?? 0xc1;
  const idBytes = type < 0x80 ? 0 : type >= 0xcc && type <= 0xcf ? 2 ** (type - 0xcc) : undefined;
  if (idBytes === undefined || bytes.length < 3 + idBytes) return undefined;
  let msgid = type;
  if (idBytes === 8) msgid = Number(bytes.readBigUInt64BE(3));
  else if (idBytes > 0) msgid = bytes.readUIntBE(3, idBytes);
  const at = 3 + idBytes;
  const methodBytes = (bytes[at] ?? 0) - 0xa0;
  const method = methodBytes > 0 && methodBytes < 32 ? bytes.toString('latin1', at + 1, at + 1 + methodBytes) : '';
  return { msgid, method };
}

/** Encodes a value. Throws where it has something that MessagePack lacks, such as a function. */
export function encodeValue(value: unknown): Uint8Array {
  return encoder.encode(value);
}

/** Encodes a call without arguments. */
export function encodeCall(msgid: number, method: string): Uint8Array {
  return encoder.encode([REQUEST, msgid, method, []]);
}

/** Encodes an answer: `[1, msgid, nil, result]`. */
export function encodeResult(msgid: number, result: unknown): Uint8Array {
  return encoder.encode([RESPONSE, msgid, null, result]);
}

/** Encodes an error, which Kong logs. */
export function encodeError(msgid: number, text: string): Uint8Array {
  return encoder.encode([RESPONSE, msgid, text, null]);
}

/** Encodes a notification, `[2, label, value]`. Kong skips one whose label it does not know, and reads on for the answer. */
export function encodeNotification(label: string, value: unknown): Uint8Array {
  return encoder.encode([NOTIFICATION, label, value]);
}

const DATA = Buffer.from([0xa4, ...Buffer.from('Data')]);
const EVENT_ID = Buffer.from([0xa7, ...Buffer.from('EventId')]);

/** The value of `Data` that ends an event, encoded. */
export const RETURN: Uint8Array = encodeValue('ret');

/**
 * Encodes the answer of HandleEvent and of every Step, `[1, msgid, nil, {EventId, Data}]`, from `Data` that is encoded already: the
 * one message on the way of a warm request, so it is written by hand.
 */
export function encodeEvent(msgid: number, eventId: number, data: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(3 + 9 + 1 + EVENT_ID.length + 9 + DATA.length + data.length);
  bytes[0] = 0x94;
  bytes[1] = RESPONSE;
  let at = writeNumber(bytes, 2, msgid);
  bytes[at] = 0xc0;
  bytes[at + 1] = 0x82;
  bytes.set(EVENT_ID, at + 2);
  at = writeNumber(bytes, at + 2 + EVENT_ID.length, eventId);
  bytes.set(DATA, at);
  bytes.set(data, at + DATA.length);
  return bytes.subarray(0, at + DATA.length + data.length);
}

/** Writes a number and returns where the next byte goes. Whole numbers from 0 as such, everything else as a double. */
function writeNumber(bytes: Buffer, at: number, value: number): number {
  if (value < 0x80 && value >= 0 && Number.isInteger(value)) {
    bytes[at] = value;
    return at + 1;
  }
  if (value <= 0xffffffff && value >= 0 && Number.isInteger(value)) {
    bytes[at] = 0xce;
    return bytes.writeUInt32BE(value, at + 1);
  }
  bytes[at] = 0xcb;
  return bytes.writeDoubleBE(value, at + 1);
}
