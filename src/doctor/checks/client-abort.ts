import { KONG } from '../../manifests/host-defaults';
import { type Examination, ok, skipped, warning } from '../diagnosis';
import { seesKong, setting } from '../nginx';

const NAME = 'lua_check_client_abort';
const VARIABLES = ['KONG_NGINX_PROXY_LUA_CHECK_CLIENT_ABORT', 'KONG_NGINX_HTTP_LUA_CHECK_CLIENT_ABORT'];

export const clientAbort: Examination = {
  id: 'client-abort',
  title: 'A client that leaves frees its place',
  // K11.
  why: 'Without it a request whose client has left is held until its deadline, and counts against max_held.',
  examine(at) {
    const value = setting(at, NAME, VARIABLES);
    if (value === 'on') return [ok(`${NAME} is on.`)];
    if (value === undefined && !seesKong(at)) return [skipped(`Kong's configuration is not in ${at.prefix}.`)];
    return [warning(`${NAME} is ${value ?? KONG.checkClientAbort}.`, `Set ${VARIABLES[0] ?? ''}=on for Kong.`)];
  },
};
