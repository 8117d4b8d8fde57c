/**
 * Outlives the test run, and cleans up behind it: whatever ends the run (Ctrl-C, a crash, kill -9), the pipe to our standard input
 * closes, and we end the process groups and remove the folders that it had not yet given back.
 *
 * Jest gives tests a copy of `process` on which 'exit' and signals never arrive, so a test cannot do this for itself.
 * A line is `+group PID`, `+folder PATH`, or the same with `-` when it was given back.
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
        // It is gone already.
      }
    }
    for (const folder of named('folder '))
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
