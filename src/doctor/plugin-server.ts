import { connect } from 'node:net';
import { decodeMulti } from '@msgpack/msgpack';
import { encodeCall } from '../rpc/messages';

const MAX_BYTES = 1024 * 1024;
const ARRAY_OF_FOUR = 0x94;

/** Asks a plugin server for its status, as Kong does. @throws Error with the reason when there is no answer in time */
export function askPluginServer(socketPath: string, timeoutMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const socket = connect(socketPath);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const fail = (reason: string): void => {
      end(() => {
        reject(new Error(reason));
      });
    };
    const timer = setTimeout(() => {
      fail(`no answer within ${timeoutMs} ms`);
    }, timeoutMs);
    socket.on('connect', () => socket.write(encodeCall(1, 'plugin.GetStatus')));
    socket.on('error', (error) => {
      fail(error.message);
    });
    socket.on('close', () => {
      fail('the connection was closed without an answer');
    });
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const answer = decodeAnswer(received);
      if (answer === undefined && received.length < MAX_BYTES) return;
      if (answer === undefined || answer[2] !== null) fail('the answer is not one of a plugin server');
      else {
        end(() => {
          resolve(answer[3]);
        });
      }
    });
  });
}

/** A complete `[1, msgid, error, result]`; undefined while bytes are missing. */
function decodeAnswer(bytes: Buffer): readonly unknown[] | undefined {
  // An array of four, as MessagePack writes it. HTTP and others begin otherwise.
  if (bytes[0] !== ARRAY_OF_FOUR) return [1, 0, 'no MessagePack-RPC', undefined];
  try {
    // The answer of a server that shuts down has a close notice behind it.
    const [answer] = decodeMulti(bytes);
    return Array.isArray(answer) && answer.length === 4 ? (answer as unknown[]) : [1, 0, 'no answer', undefined];
  } catch (error) {
    // A RangeError means that the rest is still on its way.
    return error instanceof RangeError ? undefined : [1, 0, 'no MessagePack', undefined];
  }
}
