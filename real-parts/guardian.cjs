/**
 * Outlives the process that started it, and cleans up: however that ends (Ctrl-C, a crash, kill -9), the pipe to our standard input
 * closes, and we kill the process groups and remove the folders that are still registered.
 *
 * A test could not do this itself: in Jest's copy of `process`, 'exit' and signals never arrive.
 * Each line is `+group PID` or `+folder PATH`, or the same with `-` to unregister.
 */
const { rmSync } = require('node:fs');
const { createInterface } = require('node:readline');

const kept = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);

createInterface({ input: process.stdin })
  .on('line', (line) => (line.startsWith('+') ? kept.add(line.slice(1)) : kept.delete(line.slice(1))))
  .on('close', () => {
    const named = (kind) =>
      [...kept].filter((entry) => entry.startsWith(kind)).map((entry) => entry.slice(kind.length));
    for (const group of named('group ')) {
      try {
        process.kill(-Number(group), 'SIGKILL');
      } catch {
        // It has exited already.
      }
    }
    for (const folder of named('folder '))
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
