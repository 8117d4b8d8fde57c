/**
 * The plugin as a JS module, for the stock kong-js-pluginserver: what it exports is Kong's contract. `dist/serverless` serves the
 * same plugin without that server's weaknesses.
 */
import { createLogger } from './adapters/logger';
import { compose } from './compose';
import { parseProcessSettings } from './config/process-settings';
import type { Kong, PhaseContext, PluginInstance, Product } from './kong';
import { moduleInfo } from './module-info';

export const { Name, Version, Priority, Schema } = moduleInfo;

let product: Product | undefined;

/** Built with the first instance: the host loads this module for a dump as well, which must touch nothing. */
function theProduct(): Product {
  if (product !== undefined) return product;
  const parsed = parseProcessSettings({}, process.env);
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  product = compose(parsed.settings, createLogger(parsed.settings.logLevel));
  return product;
}

export class Plugin implements PluginInstance {
  readonly #instance: PluginInstance;

  constructor(config: unknown) {
    this.#instance = new (theProduct().module.Plugin)(config);
  }

  /** Always a promise: kong-js-pluginserver awaits it, other hosts may chain on it. */
  async access(kong: Kong, context?: PhaseContext): Promise<void> {
    await this.#instance.access(kong, context);
  }
}
