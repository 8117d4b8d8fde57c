import { HEARTBEAT_MS } from '../../core/kong-heartbeat';
import { KONG } from '../../manifests/host-defaults';
import { nginxMs } from '../../manifests/nginx-time';
import { type Examination, error, ok, warning } from '../diagnosis';
import { setting } from '../nginx';

const NAME = 'lua_socket_read_timeout';
const VARIABLES = ['KONG_NGINX_HTTP_LUA_SOCKET_READ_TIMEOUT', 'KONG_NGINX_PROXY_LUA_SOCKET_READ_TIMEOUT'];

export const socketReadTimeout: Examination = {
  id: 'socket-read-timeout',
  title: 'Kong waits for the plugin for longer than it is silent',
  // K1.
  why: 'A request for which the plugin is silent for longer goes on to the sleeping backend, and fails there.',
  examine(at) {
    const written = setting(at, NAME, VARIABLES);
    const ms = written === undefined ? KONG.readTimeoutMs : nginxMs(written);
    const fix = `Set ${VARIABLES[0] ?? ''}=300s for Kong.`;
    if (ms === undefined) return [warning(`${NAME} is "${written ?? ''}", which is no time.`, fix)];
    const seen = `${NAME} is ${ms / 1000} s, a held request makes itself heard every ${HEARTBEAT_MS / 1000} s`;
    if (ms <= HEARTBEAT_MS) return [error(`${seen}: held requests are let through.`, fix)];
    return ms < KONG.readTimeoutMs ? [warning(`${seen}: one that is late is let through.`, fix)] : [ok(`${seen}.`)];
  },
};
