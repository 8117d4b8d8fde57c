/** Says why, and ends the process. */
export function fail(error: Error): void {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

/** Whoever started us with a channel is told the port, which may have been chosen by the system. */
export function listensAt(port: number): void {
  process.send?.({ port });
}

/** Listens after the boot time, and closes at SIGTERM or SIGINT: what is open then goes on until it ends, and the process with it. */
export function runUntilSignal(bootMs: number, { listen, close }: { listen: () => void; close: () => void }): void {
  const boot = setTimeout(listen, bootMs);
  process.once('disconnect', () => {
    process.exit(0);
  });
  process.channel?.unref();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      clearTimeout(boot);
      close();
    });
  }
}
