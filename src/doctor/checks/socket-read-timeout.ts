import { type Examination, error, ok, warning } from '../diagnosis';
import { setting } from '../nginx';

const NAME = 'lua_socket_read_timeout';
const VARIABLES = ['KONG_NGINX_HTTP_LUA_SOCKET_READ_TIMEOUT', 'KONG_NGINX_PROXY_LUA_SOCKET_READ_TIMEOUT'];
/** OpenResty's default, and how often a held request makes itself heard (K1). Milliseconds. */
const DEFAULT_MS = 60_000;
const HEARTBEAT_MS = 20_000;
const UNITS: Readonly<Record<string, number>> = { '': 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** nginx writes times as `300s`, `5m`, `500ms`; a bare number is seconds. */
function milliseconds(written: string): number | undefined {
  const [, number, unit = ''] = /^(\d+)(ms|s|m|h)?$/.exec(written.trim()) ?? [];
  const factor = UNITS[unit];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}

export const socketReadTimeout: Examination = {
  id: 'socket-read-timeout',
  title: 'Kong waits for the plugin for longer than it is silent',
  // K1.
  why: 'A request for which the plugin is silent for longer goes on to the sleeping backend, and fails there.',
  examine(at) {
    const written = setting(at, NAME, VARIABLES);
    const ms = written === undefined ? DEFAULT_MS : milliseconds(written);
    const fix = `Set ${VARIABLES[0] ?? ''}=300s for Kong.`;
    if (ms === undefined) return [warning(`${NAME} is "${written ?? ''}", which is no time.`, fix)];
    const seen = `${NAME} is ${ms / 1000} s, a held request makes itself heard every ${HEARTBEAT_MS / 1000} s`;
    if (ms <= HEARTBEAT_MS) return [error(`${seen}: held requests are let through.`, fix)];
    return ms < DEFAULT_MS ? [warning(`${seen}: one that is late is let through.`, fix)] : [ok(`${seen}.`)];
  },
};
