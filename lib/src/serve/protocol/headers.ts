import { isUtf8 } from 'node:buffer';

/** Header of requests for one of several models; with `-` as well, because some servers in between drop names with `_`. */
const MODEL_ID_HEADER = 'serve_multiplexed_model_id';

/** Id of the model that an HTTP request is for; `''` where it names none. @param flat name, value, name, value, … */
export function modelIdOf(flat: readonly string[]): string {
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i];
    if (name?.length === MODEL_ID_HEADER.length && name.toLowerCase().replaceAll('-', '_') === MODEL_ID_HEADER)
      return headerText(flat[i + 1] ?? '');
  }
  return '';
}

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

/** What is wrong with a list of name, value, name, value, …, or null. */
export function headersFault(headers: unknown): string | null {
  if (!Array.isArray(headers) || headers.length % 2 !== 0) return 'its headers are no list of names and values';
  return headers.every((text) => typeof text === 'string') ? null : 'a header is no text';
}
