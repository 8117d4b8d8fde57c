import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Call } from '../../real-parts/http';

/** A WebSocket client by hand, since Node 20 has none: it sends single frames, and keeps what it receives. */
export class WebSocketClient {
  readonly texts: string[] = [];
  readonly pongs: string[] = [];
  /** The code of the other side's close frame. */
  closeCode: number | undefined;
  /** The connection has ended, with a close frame or without. */
  isClosed = false;
  #unread = Buffer.alloc(0);

  private constructor(
    readonly replica: string,
    readonly connection: Duplex,
    head: Buffer,
  ) {
    connection.on('data', (chunk: Buffer) => {
      this.#take(chunk);
    });
    connection.on('error', () => connection.destroy());
    connection.on('end', () => connection.end());
    connection.on('close', () => (this.isClosed = true));
    this.#take(head);
  }

  /** Rejects unless the handshake is answered as it must be. */
  static async open({ host = '127.0.0.1', port, path, headers = {} }: Call): Promise<WebSocketClient> {
    const key = randomBytes(16).toString('base64');
    const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': key };
    const all = { 'Sec-WebSocket-Version': '13', ...upgrade, ...headers };
    const asked = request({ host, port, path, headers: all, agent: false });
    asked.end();
    const [response, connection, head] = (await Promise.race([
      once(asked, 'upgrade'),
      once(asked, 'response').then(([response]: IncomingMessage[]) => {
        throw new Error(`no upgrade: ${response?.statusCode ?? 0}`);
      }),
    ])) as [IncomingMessage, Duplex, Buffer];
    const expected = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    if (response.headers['sec-websocket-accept'] !== expected) throw new Error('the key was not accepted');
    return new WebSocketClient(String(response.headers['x-replica']), connection, head);
  }

  /** A masked frame, as a client must send it. */
  static frame(opcode: number, payload: string | Buffer, first = 0x80 | opcode): Buffer {
    const body = Buffer.from(payload);
    const length =
      body.length < 126
        ? [0x80 | body.length]
        : body.length <= 0xffff
          ? [0xfe, body.length >> 8, body.length & 0xff]
          : [0xff, 0, 0, 0, 0, ...[24, 16, 8, 0].map((bits) => (body.length >> bits) & 0xff)];
    const mask = randomBytes(4);
    return Buffer.concat([
      Buffer.from([first, ...length]),
      mask,
      body.map((byte, index) => byte ^ (mask[index % 4] ?? 0)),
    ]);
  }

  send(text: string): void {
    this.connection.write(WebSocketClient.frame(1, text));
  }

  close(): void {
    this.connection.write(WebSocketClient.frame(8, Buffer.from([0x03, 0xe8])));
  }

  #take(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    for (;;) {
      if (this.#unread.length < 2) return;
      const short = this.#unread.readUInt8(1);
      const start = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (this.#unread.length < start) return;
      const length =
        short === 126 ? this.#unread.readUInt16BE(2) : short === 127 ? Number(this.#unread.readBigUInt64BE(2)) : short;
      if (this.#unread.length < start + length) return;
      const payload = this.#unread.subarray(start, start + length);
      const opcode = this.#unread.readUInt8(0) & 0x0f;
      if (opcode === 1) this.texts.push(payload.toString());
      else if (opcode === 10) this.pongs.push(payload.toString());
      else if (opcode === 8) this.closeCode = payload.length === 0 ? 1005 : payload.readUInt16BE(0);
      this.#unread = this.#unread.subarray(start + length);
    }
  }
}
