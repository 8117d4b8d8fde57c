import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Field } from './field';

/** What Kong's Helm values say about the gateway. */
export interface GatewaySettings {
  /** The app id of its Dapr sidecar: the scopes of Components name it. */
  readonly appId: string;
  /** How long Kong waits for one answer of the plugin server (K1). */
  readonly readTimeoutMs: number;
  /** Whether Kong drops a request at once when its client leaves (K11). */
  readonly checkClientAbort: boolean;
  /** How long a change of the endpoints may take to reach Kong. */
  readonly syncMs: number;
}

/** Reads Helm values; a key that is not there has the default of Kong 2.8, its chart, or its ingress controller. */
export function gatewaySettings(root: string, path: string): GatewaySettings {
  const file = join(root, path);
  const value: unknown = existsSync(file) ? parse(readFileSync(file, 'utf8')) : {};
  const values = new Field(value, { file: path, document: 'Helm values' });
  const env = values.get('env');
  const readTimeout = env.get('nginx_http_lua_socket_read_timeout');
  const sync = values.get('ingressController').get('env').get('proxy_sync_seconds');
  return {
    appId: values.get('podAnnotations').get('dapr.io/app-id').stringOr('serverless'),
    readTimeoutMs: readTimeout.isAbsent() ? 60_000 : duration(readTimeout),
    checkClientAbort: env.get('nginx_proxy_lua_check_client_abort').stringOr('off') === 'on',
    syncMs: sync.isAbsent() ? 3000 : number(sync) * 1000,
  };
}

/** nginx's notation: `300s`, `1m`, `500ms`; without a unit seconds. */
function duration(field: Field): number {
  const [, amount, unit = 's'] = /^(\d+)(ms|s|m)?$/.exec(field.string()) ?? field.fail('expected a time such as 300s');
  return Number(amount) * ({ ms: 1, s: 1000, m: 60_000 }[unit] ?? 1000);
}

function number(field: Field): number {
  const value = Number(field.value);
  return Number.isFinite(value) && value > 0 ? value : field.fail('expected a number of seconds');
}
