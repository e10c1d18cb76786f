import { ServerResponse } from 'node:http';
import type { NbserveError } from '../../core/index.js';
import type { IngressRequest } from './ingress-request.js';

/** Who sends an answer. */
export interface ResponseTaker {
  /** The head is complete. @param headers name, value, name, value, … */
  onHead(status: number, headers: string[]): void;
  /** User code has said all. */
  onReplied(): void;
}

/** What Node keeps of an answer, in every version that we run on. */
interface Inside {
  _header: string;
  _headerSent: boolean;
  chunkedEncoding: boolean;
}

/**
 * An answer as Node's server makes it. Its head is taken as values, and what is written after that is the plain body: the proxy brings it into the form that
 * its connection needs.
 */
export class IngressResponse extends ServerResponse {
  /** Set if the answer is that of an error: the proxy says as much of it as the client may know. */
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

  // Interim answers have no place in a frame.
  override writeContinue(callback?: () => void): void {
    callback?.();
  }

  override writeProcessing(): void {}

  override writeEarlyHints(_hints: Record<string, string | string[]>, callback?: () => void): void {
    callback?.();
  }
}

// An accessor in Node, and a property in its types. Node's own is never set back, since no connection of Node's server is behind it.
Object.defineProperty(IngressResponse.prototype, 'writableNeedDrain', {
  get(this: IngressResponse) {
    return !this.destroyed && !this.writableEnded && this.socket?.writableNeedDrain === true;
  },
  configurable: true,
});

/** Headers of a head that Node wrote: each is one line. */
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
