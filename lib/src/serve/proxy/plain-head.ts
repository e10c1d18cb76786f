/** A request head in the one form that nearly all clients send. */
export interface PlainHead {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  /** Keys are header names in lower case. */
  readonly headers: Record<string, string>;
  /** Name, value, name, value, … as sent. */
  readonly rawHeaders: string[];
  /** Length of the head in bytes, including the empty line that ends it. */
  readonly headBytes: number;
  readonly bodyBytes: number;
}

/** The limit that Node has for a head. */
export const MAX_HEAD_BYTES = 16 * 1024;
const MAX_BODY_BYTES = 256 * 1024;
const END = '\r\n\r\n';

// This accepts less than RFC 9112, sections 3 and 5, allows: targets are paths, names are tokens, values are ASCII without tabs, and lines end in
// CRLF.
const SHAPE =
  /^(?:GET|POST|PUT|PATCH|DELETE) \/[\w\-.~!$&'()*+,;=:@%/?]* HTTP\/1\.1\r\n(?:[\w!#$%&'*+\-.^`|~]+:[\x20-\x7e]*\r\n)*$/;
/** The beginning of a head that is not complete; this is its longest possible start. */
const BEGINNING = /^(?:GET|POST|PUT|PATCH|DELETE) \//;
const BEGINNING_BYTES = 8;
const LENGTH = /^(?:0|[1-9]\d{0,5})$/;
/** These headers change how a message is read, or what happens to its connection. */
const NOT_PLAIN = new Set(['transfer-encoding', 'upgrade', 'expect', 'proxy-connection']);

/**
 * Reads the head at the start of `bytes`. It knows no socket. If something could be read in two ways, it is left to Node, which reads or refuses it.
 * @returns `'partial'` if its end has not arrived; `null` if it is not plain
 */
export function readPlainHead(bytes: Buffer): PlainHead | 'partial' | null {
  const end = bytes.indexOf(END, 0, 'latin1');
  if (end < 0) return bytes.length < MAX_HEAD_BYTES && beginsPlain(bytes) ? 'partial' : null;
  if (end + END.length > MAX_HEAD_BYTES) return null;
  const text = bytes.toString('latin1', 0, end + 2);
  if (!SHAPE.test(text)) return null;
  const urlAt = text.indexOf(' ') + 1;
  const urlEnd = text.indexOf(' ', urlAt);
  const headers: Record<string, string> = Object.create(null);
  const rawHeaders: string[] = [];
  for (let at = text.indexOf('\r\n', urlEnd) + 2; at < text.length; ) {
    const colon = text.indexOf(':', at);
    const lineEnd = text.indexOf('\r\n', colon);
    const name = text.slice(at, colon);
    const key = name.toLowerCase();
    // What a second header of the same name means depends on the name.
    if (NOT_PLAIN.has(key) || headers[key] !== undefined) return null;
    const value = withoutBlanks(text, colon + 1, lineEnd);
    headers[key] = value;
    rawHeaders.push(name, value);
    at = lineEnd + 2;
  }
  if (headers.host === undefined) return null;
  if (headers.connection !== undefined && headers.connection.toLowerCase() !== 'keep-alive') return null;
  const length = headers['content-length'] ?? '0';
  if (!LENGTH.test(length) || Number(length) > MAX_BODY_BYTES) return null;
  return {
    method: text.slice(0, urlAt - 1),
    url: text.slice(urlAt, urlEnd),
    headers,
    rawHeaders,
    headBytes: end + END.length,
    bodyBytes: Number(length),
  };
}

function beginsPlain(bytes: Buffer): boolean {
  return bytes.length < BEGINNING_BYTES || BEGINNING.test(bytes.toString('latin1', 0, BEGINNING_BYTES));
}

const SPACE = 0x20;

function withoutBlanks(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && text.charCodeAt(start) === SPACE) start += 1;
  while (end > start && text.charCodeAt(end - 1) === SPACE) end -= 1;
  return text.slice(start, end);
}
