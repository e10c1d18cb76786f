import { isUtf8 } from 'node:buffer';

const BEYOND_ASCII = /[\u0080-\u00ff]/;

/**
 * What a client meant by a header's value. Node gives each byte as one character; clients send UTF-8 (curl) or, where a text has only such
 * characters, Latin-1 (the `fetch` of browsers and Node): bytes that are valid UTF-8 are that.
 */
export function headerText(value: string): string {
  if (!BEYOND_ASCII.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}
