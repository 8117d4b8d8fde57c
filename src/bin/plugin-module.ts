/**
 * The plugin as a JS module, for the stock kong-js-pluginserver: what it exports is Kong's contract. `dist/serverless` serves the
 * same plugin without that server's weaknesses.
 */
import { systemClock } from '../adapters/clock';
import { createLogger } from '../adapters/logger';
import { compose } from '../compose';
import { parseProcessSettings } from '../config/process-settings';
import type { Kong, PhaseContext, PluginInstance } from '../kong/contract';
import { moduleInfo } from '../kong/plugin-info';
import { RejectingInstance } from '../kong/rejecting-instance';
import { tracesAskedFor } from '../tracing/endpoint';

export const { Name, Version, Priority, Schema } = moduleInfo;

type InstanceMaker = (config: unknown) => PluginInstance;

let makeInstance: InstanceMaker | undefined;

/** Called with the first instance, not before: the host loads this module for a dump as well, which must touch nothing. */
function instanceMaker(): InstanceMaker {
  const parsed = parseProcessSettings({}, process.env);
  if (parsed.ok) {
    const log = createLogger(parsed.settings.logLevel, parsed.settings.logFormat);
    const { module } = compose(parsed.settings, log);
    const variable = tracesAskedFor(process.env);
    if (variable !== undefined) log.warn({ variable }, 'no traces are sent: only dist/serverless sends them');
    return (config) => new module.Plugin(config);
  }
  // An exception here is an error of StartInstance, on which Kong 2.8 spins (K7).
  const reason = parsed.problems.join('; ');
  // There is no product that could count.
  const tell = { clock: systemClock, log: createLogger('info'), onRejected: () => undefined };
  return () => new RejectingInstance('SERVERLESS_CONFIG_INVALID', reason, tell);
}

export class Plugin implements PluginInstance {
  readonly #instance: PluginInstance;

  constructor(config: unknown) {
    makeInstance ??= instanceMaker();
    this.#instance = makeInstance(config);
  }

  /** Always a promise: kong-js-pluginserver awaits it, other hosts may chain on it. */
  async access(kong: Kong, context?: PhaseContext): Promise<void> {
    await this.#instance.access(kong, context);
  }
}
