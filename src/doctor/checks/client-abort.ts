import { KONG } from '../../manifests/host-defaults';
import { type Examination, ok, skipped, warning } from '../diagnosis';
import { seesKong, setting } from '../nginx';

const NAME = 'lua_check_client_abort';
const VARIABLES = ['KONG_NGINX_PROXY_LUA_CHECK_CLIENT_ABORT', 'KONG_NGINX_HTTP_LUA_CHECK_CLIENT_ABORT'];

export const clientAbort: Examination = {
  id: 'client-abort',
  title: 'A client that leaves harms nobody else',
  // K30.
  why: 'With lua_check_client_abort on, clients that leave while they are held make a worker of Kong 2.8 crash, and others get 500.',
  examine(at) {
    const value = setting(at, NAME, VARIABLES);
    if (value === undefined && !seesKong(at)) return [skipped(`Kong's configuration is not in ${at.prefix}.`)];
    const inForce = value ?? KONG.checkClientAbort;
    if (inForce === 'off') return [ok(`${NAME} is off.`)];
    return [warning(`${NAME} is ${inForce}.`, `Leave ${VARIABLES[0] ?? ''} out, or set it to off.`)];
  },
};
