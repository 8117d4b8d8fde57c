/**
 * Kong gives up on a phase that is silent for 60 s, and lets the request through (K1): a held one makes a cheap call this often.
 * The access phase keeps to it; doctor compares it with the read timeout that Kong has. Milliseconds.
 */
export const HEARTBEAT_MS = 20_000;
