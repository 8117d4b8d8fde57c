import { type Server, ServerCredentials } from '@grpc/grpc-js';
import { fail, listensAt, runUntilSignal } from './lifecycle';
import type { Settings } from './settings';

/** Listens after the boot time, until SIGTERM or SIGINT; calls in progress are finished before the process ends. */
export function serveGrpc(server: Server, { host, port, bootMs }: Settings): void {
  runUntilSignal(bootMs, {
    listen: () => {
      server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
        if (error !== null) fail(error);
        listensAt(bound);
      });
    },
    close: () => {
      server.tryShutdown((error) => {
        if (error !== undefined) fail(error);
      });
    },
  });
}
