import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { appIdOf, type Gateway, gatewaysOf } from '../../src/manifests/gateways';
import { KIC, KONG } from '../../src/manifests/host-defaults';
import { nginxMs } from '../../src/manifests/nginx-time';
import { fieldAt } from './field';
import { loadFile } from './files';

/** What Kong's Helm values say about the gateway. */
export interface GatewaySettings {
  /** The app id of its Dapr sidecar: the scopes of Components name it. */
  readonly appId: string;
  /** How long Kong waits for one answer of the plugin server (K1). */
  readonly readTimeoutMs: number;
  /** Whether Kong drops a request at once when its client leaves (K11). */
  readonly checkClientAbort: boolean;
  /** How long Kong keeps a connection to a backend that nobody uses. */
  readonly upstreamIdleMs: number;
  /** How long a change of the endpoints may take to reach Kong. */
  readonly syncMs: number;
}

/** Reads Helm values; a key that is not there has the default of Kong 2.8, its chart, or its ingress controller. */
export function gatewaySettings(root: string, path: string): GatewaySettings {
  const file = join(root, path);
  const gateways = existsSync(file) ? gatewaysOf(loadFile(root, file)) : [];
  const [gateway] = gateways;
  return {
    appId: appIdOf(gateways),
    readTimeoutMs: readTimeoutMs(gateway),
    checkClientAbort: (gateway?.setting('nginx_proxy_lua_check_client_abort') ?? KONG.checkClientAbort) === 'on',
    upstreamIdleMs: upstreamIdleMs(gateway),
    syncMs: syncMs(gateway),
  };
}

const READ_TIMEOUT = 'nginx_http_lua_socket_read_timeout';

function readTimeoutMs(gateway: Gateway | undefined): number {
  const written = gateway?.setting(READ_TIMEOUT);
  if (gateway === undefined || written === undefined) return KONG.readTimeoutMs;
  return nginxMs(written) ?? fieldAt(gateway.settingPlace(READ_TIMEOUT)).fail('expected a time such as 300s');
}

const UPSTREAM_IDLE = 'upstream_keepalive_idle_timeout';

function upstreamIdleMs(gateway: Gateway | undefined): number {
  const written = gateway?.setting(UPSTREAM_IDLE);
  if (gateway === undefined || written === undefined) return KONG.upstreamIdleMs;
  const seconds = Number(written);
  // With 0 it is kept for ever.
  return seconds > 0 && Number.isFinite(seconds)
    ? seconds * 1000
    : fieldAt(gateway.settingPlace(UPSTREAM_IDLE)).fail('expected a number of seconds above 0');
}

const SYNC = 'proxy_sync_seconds';

function syncMs(gateway: Gateway | undefined): number {
  const written = gateway?.controllerSetting(SYNC);
  if (gateway === undefined || written === undefined) return KIC.syncMs;
  const seconds = Number(written);
  return seconds > 0 && Number.isFinite(seconds)
    ? seconds * 1000
    : fieldAt(gateway.controllerSettingPlace(SYNC)).fail('expected a number of seconds');
}
