import { encodeNotification } from './messages';

/**
 * Asks Kong to close a connection. Closing it from this side is not safe: Kong may be sending a call on it at that moment and would
 * get no answer. A request then skips the plugin, and a StartInstance leaves its worker spinning (K6, K7).
 *
 * On an idle connection: nginx closes a pooled connection on which anything arrives (ngx_http_lua_socket_tcp.c,
 * `ngx_http_lua_socket_keepalive_close_handler`). If Kong has just taken it out of the pool, it skips the notification, as it does
 * with any label it does not know (mp_rpc.lua, `Rpc:call`), and the call gets its answer.
 *
 * Behind an answer, in the same write or soon after: Kong reads 4,096 bytes at a time and drops what it does not need of them, and
 * nginx does not pool a connection that has more to read (`ngx_http_lua_socket_tcp_setkeepalive`). Hence the length.
 */
export const CLOSE_NOTICE = encodeNotification('serverless.closeNotice', ' '.repeat(20_000));
