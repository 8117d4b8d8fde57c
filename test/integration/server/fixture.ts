/**
 * A plugin server with a plugin that does as the request's path says, in place of the real one: what is under test is the process.
 * Usage: fixture SOCKET [STATUS_PORT [DRAIN_MS]]
 */
import { systemClock } from '../../../src/adapters/clock';
import { createLogger } from '../../../src/adapters/logger';
import type { Kong, PluginInstance, Product } from '../../../src/kong/contract';
import { serve } from '../../../src/server/serve';

let held = 0;
let draining = false;
let settle: () => void = () => undefined;
const settled = new Promise<void>((resolve) => (settle = resolve));
let release: () => void = () => undefined;
const released = new Promise<void>((resolve) => (release = resolve));

class Plugin implements PluginInstance {
  async access(kong: Kong): Promise<void> {
    switch (await kong.request.get_path()) {
      case '/pid':
        await kong.response.exit(200, String(process.pid));
        return;
      case '/hold':
        if (draining) await kong.response.exit(503, 'draining');
        else await this.#hold(kong);
        return;
      case '/release':
        release();
        return;
      case '/throw-later':
        setTimeout(() => {
          throw new Error('nobody catches this');
        }, 0);
        void Promise.reject(new Error('nor this'));
        return;
    }
  }

  async #hold(kong: Kong): Promise<void> {
    held += 1;
    await released;
    held -= 1;
    if (held === 0) settle();
    await kong.response.set_header('X-Held', 'yes');
  }
}

const product: Product = {
  module: { Name: 'serverless', Version: '1.0.0', Priority: 1, Schema: [], Plugin },
  onRejected: () => undefined,
  onServed: () => undefined,
  held: () => held,
  drain: () => {
    draining = true;
    if (held === 0) settle();
  },
  settled: () => settled,
  metrics: () => Promise.resolve(`held ${held}\n`),
  status: () => ({ held, maxHeld: 100, draining: false, kubernetes: 'off', backends: [] }),
  wake: () => ({ kind: 'unknown' }),
  sleep: () => ({ kind: 'unknown' }),
  close: () => undefined,
};

const [socketPath = '', port, drainMs = 25_000] = process.argv.slice(2);
const statusListen =
  port === undefined ? ('off' as const) : { host: '127.0.0.1', port: Number(port), token: undefined };
void serve({
  socketPath,
  socketMode: 0o666,
  statusListen,
  clock: systemClock,
  drainMs: Number(drainMs),
  load: () => Promise.resolve({ product, log: createLogger('debug') }),
});
