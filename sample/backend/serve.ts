import { createServer } from 'node:http';
import type { RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fail, listensAt, runUntilSignal } from './lifecycle';
import type { Settings } from './settings';
import type { Upgrade } from './socket';

/** Answers with a JSON body and nothing that a cache may keep. */
export function answerJson(response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(text);
}

/**
 * Listens after the boot time, until SIGTERM or SIGINT. What is open then goes on until it ends: answers, event streams, WebSockets.
 * The process ends after the last of them, or is killed at the end of its grace period.
 */
export function serve(app: RequestListener, settings: Settings, upgrade?: Upgrade): void {
  const server = createServer(app);
  if (upgrade !== undefined) server.on('upgrade', upgrade);
  // Longer than a gateway keeps an idle connection, so that the gateway is the one that closes it.
  server.keepAliveTimeout = 75_000;
  server.on('request', ({ socket }, response) => {
    response.once('finish', () => {
      // After `close` Node would wait for the client to leave, or for the keep-alive timeout.
      if (!server.listening) socket.destroySoon();
    });
  });
  server.on('error', fail);
  runUntilSignal(settings.bootMs, {
    listen: () => {
      server.listen(settings.port, settings.host, 4096, () => {
        listensAt((server.address() as AddressInfo).port);
      });
    },
    close: () => {
      server.close();
    },
  });
}
