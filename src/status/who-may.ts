import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const LOOPBACK_PEER = /^(127\.|::1$|::ffff:127\.)/;
const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/** Who asks for something to be done. */
export interface Caller {
  /** Address of the other end of the connection. */
  readonly peer: string | undefined;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
}

export function callerOf({ socket, headers }: IncomingMessage): Caller {
  const { host, origin, authorization } = headers;
  return { peer: socket.remoteAddress, host, origin, authorization };
}

/**
 * Why a caller may not wake a backend or put it to sleep; undefined: it may. Whoever has the token may. Else it has to be a process of
 * this machine: not a page of another site in a browser here (Origin), nor one whose name was made to lead here (Host).
 *
 * @param token of SERVERLESS_STATUS_TOKEN; undefined: there is none
 */
export function whyNot({ peer, host, origin, authorization }: Caller, token: string | undefined): string | undefined {
  if (authorization !== undefined)
    return token !== undefined && isSame(authorization, `Bearer ${token}`)
      ? undefined
      : 'the token is not that of SERVERLESS_STATUS_TOKEN';
  if (!LOOPBACK_PEER.test(peer ?? ''))
    return token === undefined
      ? 'from another machine it takes a token: set SERVERLESS_STATUS_TOKEN, and send it as Authorization: Bearer'
      : 'from another machine it takes the token of SERVERLESS_STATUS_TOKEN, as Authorization: Bearer';
  if (!LOOPBACK_HOST.test(host ?? '')) return `the Host ${JSON.stringify(host ?? '')} is not this machine`;
  if (origin !== undefined && origin !== `http://${host ?? ''}`)
    return `a page of ${JSON.stringify(origin)} may not do this`;
  return undefined;
}

function isSame(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}
