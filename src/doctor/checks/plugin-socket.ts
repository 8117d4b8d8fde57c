import { isRecord } from '../../core/types';
import { type Examination, error, ok } from '../diagnosis';
import { askPluginServer } from '../plugin-server';

/** A server that is alive answers at once, also under load. Milliseconds. */
const TIMEOUT_MS = 3000;

export const pluginSocket: Examination = {
  id: 'plugin-socket',
  title: 'The plugin server answers on its socket',
  // K6, K7.
  why: 'Without a plugin server Kong lets every request through to the sleeping backend, where it fails.',
  async examine({ socketPath }) {
    try {
      const status = await askPluginServer(socketPath, TIMEOUT_MS);
      const plugins = isRecord(status) && isRecord(status.Plugins) ? Object.keys(status.Plugins) : [];
      if (plugins.includes('serverless')) return [ok(`${socketPath} answers for serverless.`)];
      const names = plugins.length === 0 ? 'no plugin' : plugins.join(', ');
      return [
        error(
          `${socketPath} answers for ${names}, not for serverless.`,
          'Give this socket to the plugin server serverless only.',
        ),
      ];
    } catch (failure) {
      const fix =
        'Start `serverless serve` before Kong, on the socket that Kong is told (pluginserver_serverless_socket), or say with ' +
        '--socket where it is.';
      return [error(`${socketPath}: ${(failure as Error).message}.`, fix)];
    }
  },
};
