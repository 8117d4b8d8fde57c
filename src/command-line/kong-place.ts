import { join } from 'node:path';

const DEFAULT_PREFIX = '/usr/local/kong';
/** Kong's default for a plugin server of this name (K19). */
const SOCKET_NAME = 'serverless.socket';

/** Where a Kong has its files, and looks for the plugin server. */
export interface KongPlace {
  readonly prefix: string;
  readonly socketPath: string;
}

/** Options of the command line, and the settings that Kong itself reads from its environment. */
export function kongPlace(
  {
    socket,
    'kong-prefix': prefix,
  }: { readonly socket?: string | undefined; readonly 'kong-prefix'?: string | undefined },
  env: Readonly<Record<string, string | undefined>>,
): KongPlace {
  const place = prefix ?? env['KONG_PREFIX'] ?? DEFAULT_PREFIX;
  // Before the prefix, even one that is given: Kong connects to this socket, and starts its plugin servers with `-kong-prefix`.
  return {
    prefix: place,
    socketPath: socket ?? env['KONG_PLUGINSERVER_SERVERLESS_SOCKET'] ?? join(place, SOCKET_NAME),
  };
}

/** For help texts. */
export const SOCKET_HELP = `The plugin server's socket (default: KONG_PLUGINSERVER_SERVERLESS_SOCKET, else ${SOCKET_NAME} in the prefix)`;
export const PREFIX_HELP = `Kong's prefix (default: KONG_PREFIX, else ${DEFAULT_PREFIX})`;
