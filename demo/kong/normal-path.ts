import { posix } from 'node:path';

/** What stays percent-encoded: RFC 3986's reserved characters, and `%`. */
const RESERVED = /[!#$%&'()*+,/:;=?@[\]]/;

/**
 * A path in normal form, as Kong 3.x tells it to plugins (kong/tools/uri.lua). Written apart from the plugin's own, which it is there
 * to try.
 *
 * @param path as Node's server has it: one character for each byte
 */
export function normalPath(path: string): string {
  const bytes = path.replace(/%[\da-f]{2}/gi, (triplet) => {
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    return RESERVED.test(character) ? triplet.toUpperCase() : character;
  });
  // A path that ends in a dot segment is one that ends in a slash.
  const closed = /\/\.\.?$/.test(bytes) ? `${bytes}/` : bytes;
  return Buffer.from(posix.normalize(closed), 'latin1').toString('utf8');
}
