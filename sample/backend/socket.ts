import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Settings } from './settings';
import { CLOSE, closeFrame, OPCODE, readFrame, writeFrame } from './web-socket-frames';

/** Part of every handshake (RFC 6455, 1.3). */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What takes over the connection of a request that asks for another protocol. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** `/NAME/socket`: a WebSocket that echoes text and sends nothing by itself. By hand, since the sample has no dependencies. */
export function socket(settings: Settings): Upgrade {
  return (request, connection, head) => {
    connection.on('error', () => {
      connection.destroy();
    });
    const path = (request.url ?? '/').split('?')[0];
    const key = request.headers['sec-websocket-key'];
    if (path !== `/${settings.name}/socket`) reject(connection, '404 Not Found');
    else if (request.headers.upgrade?.toLowerCase() !== 'websocket' || key === undefined)
      reject(connection, '400 Bad Request');
    else if (request.headers['sec-websocket-version'] !== '13')
      reject(connection, '426 Upgrade Required', 'Sec-WebSocket-Version: 13\r\n');
    else {
      const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
      connection.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
          `Sec-WebSocket-Accept: ${accept}\r\nX-Replica: ${settings.replica}\r\n\r\n`,
      );
      echo(connection, head);
    }
  };
}

function reject(connection: Duplex, status: string, header = ''): void {
  connection.end(`HTTP/1.1 ${status}\r\n${header}Connection: close\r\nContent-Length: 0\r\n\r\n`);
}

function echo(connection: Duplex, head: Buffer): void {
  let unread = head;
  const take = (): void => {
    for (;;) {
      const read = readFrame(unread);
      if (read.is === 'incomplete') return;
      if (read.is === 'wrong') {
        end(connection, closeFrame(read.code));
        return;
      }
      unread = read.rest;
      const { opcode, payload } = read.frame;
      if (opcode === OPCODE.text) connection.write(writeFrame(OPCODE.text, payload));
      else if (opcode === OPCODE.ping) connection.write(writeFrame(OPCODE.pong, payload));
      else if (opcode !== OPCODE.pong) {
        end(connection, opcode === OPCODE.close ? writeFrame(OPCODE.close, payload) : closeFrame(CLOSE.unsupported));
        return;
      }
    }
  };
  connection.on('data', (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    take();
  });
  connection.on('end', () => connection.end());
  take();
}

/** Says why, and takes nothing more. */
function end(connection: Duplex, lastFrame: Buffer): void {
  connection.removeAllListeners('data');
  connection.end(lastFrame);
  connection.resume();
}
