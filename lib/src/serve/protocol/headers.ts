import { isUtf8 } from 'node:buffer';

/** Header that selects one of several models. The name with `-` is accepted too, because some servers in between drop names with `_`. */
const MODEL_ID_HEADER = 'serve_multiplexed_model_id';

/** Header with the key whose requests go to the same replica. */
const AFFINITY_HEADER = 'serve_affinity_key';

/** Id of the model that an HTTP request selects; `''` if it names none. @param flat name, value, name, value, … */
export const modelIdOf = (flat: readonly string[]): string => headerValue(flat, MODEL_ID_HEADER);

/** Key whose requests go to the same replica; `''` if the request has none. @param flat name, value, name, value, … */
export const affinityKeyOf = (flat: readonly string[]): string => headerValue(flat, AFFINITY_HEADER);

function headerValue(flat: readonly string[], header: string): string {
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i];
    if (name?.length === header.length && name.toLowerCase().replaceAll('-', '_') === header)
      return headerText(flat[i + 1] ?? '');
  }
  return '';
}

const BEYOND_ASCII = /[\u0080-\u00ff]/;

/**
 * The text that a client meant by a header's value. Node gives one character for each byte. curl sends UTF-8; the `fetch` of browsers and Node sends
 * Latin-1 if it can represent the text. If the bytes are valid UTF-8, they are read as UTF-8.
 */
export function headerText(value: string): string {
  if (!BEYOND_ASCII.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}

/** What is wrong with a list of name, value, name, value, …; null if nothing is. */
export function headersFault(headers: unknown): string | null {
  if (!Array.isArray(headers) || headers.length % 2 !== 0) return 'its headers are not a list of names and values';
  return headers.every((text) => typeof text === 'string') ? null : 'a header is not a text';
}
