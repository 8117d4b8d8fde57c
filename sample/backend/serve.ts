import { createServer } from 'node:http';
import type { RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Settings } from './settings';

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

/** Listens after the boot time, until SIGTERM or SIGINT; requests in progress are answered before the process ends. */
export function serve(app: RequestListener, settings: Settings): void {
  const server = createServer(app);
  // Longer than a gateway keeps an idle connection, so that the gateway is the one that closes it.
  server.keepAliveTimeout = 75_000;
  server.on('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });
  const boot = setTimeout(() => {
    server.listen(settings.port, settings.host, 4096, () => {
      // Whoever started us with a channel is told the port, which may have been chosen by the system.
      process.send?.({ port: (server.address() as AddressInfo).port });
    });
  }, settings.bootMs);
  process.once('disconnect', () => {
    process.exit(0);
  });
  process.channel?.unref();

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      clearTimeout(boot);
      server.close();
      server.closeIdleConnections();
    });
  }
}
