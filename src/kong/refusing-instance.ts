import type { Logger } from '../core/ports';
import { ServerlessError, toHttpAnswer } from '../core/errors';
import type { Kong, PluginInstance } from './contract';

/**
 * What a configuration becomes that Kong accepted and we cannot: it answers every request, so that none meets a sleeping backend,
 * and says why in Kong's log. It cannot be refused when the instance starts: Kong 2.8 would spin (K7).
 */
export class RefusingInstance implements PluginInstance {
  constructor(
    private readonly reason: string,
    private readonly logger: Logger,
  ) {
    logger.error(
      { reason },
      'the plugin configuration is invalid: its requests are answered 503 until it is corrected',
    );
  }

  async access(kong: Kong): Promise<void> {
    try {
      const error = new ServerlessError(
        'SERVERLESS_CONFIG_INVALID',
        'The plugin configuration of this route is invalid; the gateway’s log says what to correct.',
      );
      await kong.log.err(`serverless: ${error.code}: ${this.reason}`);
      const { status, headers, body } = toHttpAnswer(error);
      await kong.response.exit(status, body, headers);
    } catch (error) {
      this.logger.error({ err: error }, 'a request could not be answered');
    }
  }
}
