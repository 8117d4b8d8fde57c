import { encodeNotification } from './messages';

const LABEL = 'serverless.closeNotice';

/**
 * Asks Kong to close a connection that it may have in its pool. Closing it from this side is not safe: Kong may be sending a call on
 * it at that moment and would get no answer. A request then skips the plugin, and a StartInstance leaves its worker spinning (K6, K7).
 *
 * nginx closes a pooled connection on which anything arrives (ngx_http_lua_socket_tcp.c, `ngx_http_lua_socket_keepalive_close_handler`).
 * If Kong has just taken it out of the pool, it skips the notification, as it does with any label it does not know (mp_rpc.lua,
 * `Rpc:call`), and the call gets its answer. If Kong has not read the last answer yet, it reads this with it and drops it: so it is
 * repeated until the connection is closed.
 *
 * It is short, so that Kong never reads a part of it. nginx counts what is left of a longer one, takes what comes meanwhile for the end
 * of it, and pools a connection that has more to read (ngx_recv.c, `rev->available`): the next call on it would read the rest of
 * a notice as its answer, and its request would fail with 500.
 */
export const CLOSE_NOTICE = encodeNotification(LABEL, null);

/**
 * The same for behind an answer. Kong reads 4,096 bytes at a time and drops what it does not need of them, and nginx does not pool
 * a connection that has more to read (`ngx_http_lua_socket_tcp_setkeepalive`). Hence the length.
 */
const BEHIND_ANSWER = encodeNotification(LABEL, ' '.repeat(9000));

/** Linux hands so much of one write to the reader at once (af_unix.c, UNIX_SKB_FRAGS_SZ). Kong must not see a part of it, as above. */
const WHOLE_WRITE_BYTES = 32 * 1024;

/** An answer after which Kong closes the connection; undefined for one that is too long for that. */
export function lastAnswer(answer: Uint8Array): Uint8Array | undefined {
  const length = answer.length + BEHIND_ANSWER.length;
  return length > WHOLE_WRITE_BYTES ? undefined : Buffer.concat([answer, BEHIND_ANSWER], length);
}
