import { ServerlessError } from '../core/errors';
import type { PluginInstance } from '../kong/contract';
import { exitCall } from './phase-run';

/**
 * Stands in for an instance that could not be started: it answers every request 503 and says why in Kong's log. An error as the
 * answer of StartInstance is no choice: Kong 2.8 takes it for an instance without an id, and every further request of that nginx
 * worker waits for the id in a loop that never ends, at 100 % CPU (K7, read in mp_rpc.lua `call_start_instance`).
 */
export function failingInstance(reason: string): PluginInstance {
  const { Args } = exitCall(
    new ServerlessError('SERVERLESS_INTERNAL', 'The plugin could not be started with this configuration.'),
  );
  const [status, body, headers] = Args as [number, string, Record<string, string>];
  return {
    async access(kong) {
      await kong.log.err(`serverless: ${reason}`);
      await kong.response.exit(status, body, headers);
    },
  };
}
