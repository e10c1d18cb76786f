import { ServerResponse } from 'node:http';
import type { NbserveError } from '../../core/index.js';
import type { IngressRequest } from './ingress-request.js';

/** Sends the answer that user code writes. */
export interface ResponseTaker {
  /** Called when the head is complete. @param headers name, value, name, value, … */
  onHead(status: number, headers: string[]): void;
  /** Called when user code has ended the answer. */
  onReplied(): void;
}

/** Internals of Node's response, which are the same in every version that we support. */
interface Inside {
  _header: string;
  _headerSent: boolean;
  chunkedEncoding: boolean;
}

/**
 * An answer as Node's server makes it. Its head is passed on as values, and the bytes that are written after it are the plain body; the proxy writes both in
 * the form that its connection needs.
 */
export class IngressResponse extends ServerResponse {
  /** Set if the answer is an error; the proxy decides how much of it the client may know. */
  failure: NbserveError | null = null;
  readonly #taker: ResponseTaker;

  constructor(request: IngressRequest, taker: ResponseTaker) {
    super(request);
    this.#taker = taker;
  }

  override writeHead(...args: unknown[]): this {
    (super.writeHead as (...args: unknown[]) => unknown)(...args);
    const inside = this as unknown as Inside;
    inside.chunkedEncoding = false;
    inside._headerSent = true;
    this.#taker.onHead(this.statusCode, parseHead(inside._header));
    return this;
  }

  override end(...args: unknown[]): this {
    (super.end as (...args: unknown[]) => unknown)(...args);
    this.#taker.onReplied();
    return this;
  }

  // A frame cannot carry interim answers.
  override writeContinue(callback?: () => void): void {
    callback?.();
  }

  override writeProcessing(): void {}

  override writeEarlyHints(_hints: Record<string, string | string[]>, callback?: () => void): void {
    callback?.();
  }
}

// In Node this is an accessor, although its types say that it is a property. Node's own accessor would stay true after a slow write, because there is no
// connection of Node's server that resets it.
Object.defineProperty(IngressResponse.prototype, 'writableNeedDrain', {
  get(this: IngressResponse) {
    return !this.destroyed && !this.writableEnded && this.socket?.writableNeedDrain === true;
  },
  configurable: true,
});

/** The headers in a head that Node has written, one on each line. */
function parseHead(text: string): string[] {
  const headers: string[] = [];
  for (let at = text.indexOf('\r\n') + 2; at < text.length - 2; ) {
    const end = text.indexOf('\r\n', at);
    const colon = text.indexOf(': ', at);
    headers.push(text.slice(at, colon), text.slice(colon + 2, end));
    at = end + 2;
  }
  return headers;
}
