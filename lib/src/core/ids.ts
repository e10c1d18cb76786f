import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghijkmnpqrstuvwxyz';

/** A random lower-case id of `length` characters (5 bits each; no `l` or `o`, which read like digits). */
export function shortId(length = 8): string {
  let id = '';
  for (const byte of randomBytes(length)) id += ALPHABET[byte % 32];
  return id;
}
