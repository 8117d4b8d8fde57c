import { type Server, ServerCredentials } from '@grpc/grpc-js';
import type { Settings } from './settings';

/** Listens after the boot time, until SIGTERM or SIGINT; calls in progress are finished before the process ends. */
export function serveGrpc(server: Server, settings: Settings): void {
  const fail = (error: Error): void => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  };
  const boot = setTimeout(() => {
    server.bindAsync(`${settings.host}:${settings.port}`, ServerCredentials.createInsecure(), (error, port) => {
      if (error !== null) fail(error);
      process.send?.({ port });
    });
  }, settings.bootMs);
  process.once('disconnect', () => {
    process.exit(0);
  });
  process.channel?.unref();

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      clearTimeout(boot);
      server.tryShutdown((error) => {
        if (error !== undefined) fail(error);
      });
    });
  }
}
