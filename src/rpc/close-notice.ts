import { encodeNotification } from './messages';

/**
 * Makes Kong close a connection. If this side closed it, Kong could be sending a call on it at that very moment, and would get no
 * answer: a request goes on without its plugin, or, if it was a StartInstance, the worker spins (K6, K7).
 *
 * On an idle connection: nginx closes a pooled connection on which anything arrives (ngx_http_lua_socket_tcp.c,
 * `ngx_http_lua_socket_keepalive_close_handler`). If Kong has just taken it out of the pool, it skips the notification, as any whose
 * label it does not know (mp_rpc.lua, `Rpc:call`), and the call gets its answer.
 *
 * With an answer, in the same write or soon after: Kong reads 4,096 bytes at once and drops what it does not need of them, and nginx
 * does not pool a connection on which more is left (`ngx_http_lua_socket_tcp_setkeepalive`). Hence the length.
 */
export const FAREWELL = encodeNotification('serverless.farewell', ' '.repeat(20_000));
