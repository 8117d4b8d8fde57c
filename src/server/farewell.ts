import { encodeNotification } from './messages';

/*
 * How Kong is told to close a connection. If this side closed it, Kong could be sending a call on it at that very moment, and would get
 * no answer: a request goes on without its plugin, or, if it was a StartInstance, the worker spins (HOST-FACTS K6, K7). Every step
 * here is Kong's own, so there is no such moment.
 */

const LABEL = 'serverless.farewell';

/**
 * For an idle connection. nginx closes a pooled connection on which anything arrives (ngx_http_lua_socket_tcp.c,
 * `ngx_http_lua_socket_keepalive_close_handler`). If it has just taken the connection out of its pool, Kong skips the notification, as
 * any whose label it does not know (mp_rpc.lua, `Rpc:call`), and the call gets its answer.
 */
export const FAREWELL = encodeNotification(LABEL, null);

/**
 * Comes with an answer, in the same write. nginx does not pool a connection that has more to read than it reads at once
 * (`ngx_http_lua_socket_tcp_setkeepalive`), which is `lua_socket_buffer_size`: 4 or 8 kB unless somebody raised it.
 */
export const LONG_FAREWELL = encodeNotification(LABEL, ' '.repeat(20_000));
