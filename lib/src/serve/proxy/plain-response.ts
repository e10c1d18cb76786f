import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http';
import type { Socket } from 'node:net';

/** The connection on which an answer is sent. */
export interface PlainAnswering {
  /** Called when the whole answer is written. @param close true if it was the last answer of the connection */
  answered(close: boolean): void;
}

/** Up to this size, a text with one byte for each character is sent in one piece with the head. */
const ONE_WRITE_BYTES = 16 * 1024;
const NO_BODY_STATUSES = new Set([204, 304]);

/**
 * The answer to a plain request. It behaves like Node's response in the parts that the proxy uses, and makes one write if the answer is complete at
 * once. Its length is always checked: surplus bytes would be read as another answer.
 */
export class PlainResponse {
  readonly socket: Socket;
  readonly chunkedEncoding = false;
  strictContentLength = true;
  headersSent = false;
  readonly #connection: PlainAnswering;
  readonly #keepAliveHeader: string;
  /** The head without its last lines, which contain the length of the body. */
  #head = '';
  #hasDate = false;
  #close = false;
  #isOut = false;
  #hasBody = true;
  /** Number of body bytes that must still come. `null` if the length is not known; then the body is sent in chunks. */
  #left: number | null = null;

  /** @param keepAliveHeader header line, with its line end, that tells the client how long an idle connection stays open */
  constructor(socket: Socket, connection: PlainAnswering, keepAliveHeader: string) {
    this.socket = socket;
    this.#connection = connection;
    this.#keepAliveHeader = keepAliveHeader;
  }

  get shouldKeepAlive(): boolean {
    return !this.#close;
  }

  /**
   * @param headers name, value, name, value, …; at most one content-length, which must be a number
   * @throws TypeError for a name or a value that HTTP does not allow, as Node does
   */
  writeHead(status: number, headers: readonly string[]): void {
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i] as string;
      const value = headers[i + 1] as string;
      validateHeaderName(name);
      validateHeaderValue(name, value);
      head += `${name}: ${value}\r\n`;
      this.#note(name, value);
    }
    this.#hasBody = !NO_BODY_STATUSES.has(status);
    this.#head = head;
    this.headersSent = true;
  }

  flushHeaders(): void {
    if (!this.#isOut) this.socket.write(this.#takeHead(), 'latin1');
  }

  /** Sends an interim answer. Returns false if the answer has begun. */
  probe(): boolean {
    if (this.#isOut || this.headersSent) return false;
    this.socket.write('HTTP/1.1 102 Processing\r\n\r\n', 'latin1');
    return true;
  }

  /** @returns false if you must wait for `drain` @throws RangeError if the answer is longer than its content-length */
  write(bytes: Uint8Array): boolean {
    this.#count(bytes.length);
    if (!this.#hasBody) return true;
    this.socket.cork();
    this.flushHeaders();
    this.#piece(bytes);
    this.socket.uncork();
    return !this.socket.writableNeedDrain;
  }

  /** @throws RangeError if the answer is not as long as its content-length */
  end(bytes: Uint8Array | null = null): void {
    const length = bytes?.length ?? 0;
    if (!this.#isOut && this.#left === null && this.#hasBody) {
      this.#head += `content-length: ${length}\r\n`;
      this.#left = length;
    }
    this.#count(length);
    if (this.#hasBody && this.#left !== null && this.#left > 0)
      throw new RangeError('the answer is shorter than its content-length');
    if (this.#isOut) this.#last(bytes);
    else this.#whole(this.#hasBody ? bytes : null);
    this.#connection.answered(this.#close);
  }

  once(_event: 'drain', listener: () => void): void {
    this.socket.once('drain', listener);
  }

  destroy(): void {
    this.socket.destroy();
  }

  #note(name: string, value: string): void {
    const { length } = name;
    if (length === 14 && name.toLowerCase() === 'content-length') this.#left = Number(value);
    else if (length === 4 && name.toLowerCase() === 'date') this.#hasDate = true;
    else if (length === 10 && name.toLowerCase() === 'connection') this.#close = true;
  }

  /** Returns the head with its last lines. */
  #takeHead(): string {
    this.#isOut = true;
    const date = this.#hasDate ? '' : dateHeader();
    const kept = this.#close ? '' : this.#keepAliveHeader;
    const coding = this.#hasBody && this.#left === null ? 'Transfer-Encoding: chunked\r\n' : '';
    return `${this.#head}${date}${kept}${coding}\r\n`;
  }

  #whole(bytes: Uint8Array | null): void {
    const { socket } = this;
    const head = this.#takeHead();
    if (bytes === null || bytes.length === 0) socket.write(head, 'latin1');
    else if (bytes.length <= ONE_WRITE_BYTES) {
      socket.write(head + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'), 'latin1');
    } else {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(bytes);
      socket.uncork();
    }
  }

  #last(bytes: Uint8Array | null): void {
    const { socket } = this;
    socket.cork();
    if (bytes !== null) this.#piece(bytes);
    if (this.#left === null && this.#hasBody) socket.write('0\r\n\r\n', 'latin1');
    socket.uncork();
  }

  #piece(bytes: Uint8Array): void {
    if (bytes.length === 0 || !this.#hasBody) return;
    if (this.#left === null) this.socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
    this.socket.write(bytes);
    if (this.#left === null) this.socket.write('\r\n', 'latin1');
  }

  #count(bytes: number): void {
    if (this.#left === null || !this.#hasBody) return;
    if (bytes > this.#left) throw new RangeError('the answer is longer than its content-length');
    this.#left -= bytes;
  }
}

const DATE_STEP_MS = 1000;
let dateLine = '';
let dateUntil = 0;

function dateHeader(): string {
  const now = Date.now();
  if (now >= dateUntil) {
    dateUntil = now - (now % DATE_STEP_MS) + DATE_STEP_MS;
    dateLine = `Date: ${new Date(now).toUTCString()}\r\n`;
  }
  return dateLine;
}
