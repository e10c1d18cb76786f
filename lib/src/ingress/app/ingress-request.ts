import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { IncomingCall } from '../../ipc/index.js';
import type { HttpCallHead } from '../../serve/protocol/index.js';
import type { IngressSocket } from './ingress-socket.js';
import type { Tracker } from './tracker.js';

const REQUEST_ID = 'x-request-id';

/** Internals of Node's request, which are the same in every version that we support. */
interface Inside {
  readonly _readableState: { autoDestroy: boolean };
  _consumed: boolean;
  _addHeaderLines(flat: string[], count: number): void;
}

/** A request as Node's server makes it, built from the frames of a call. */
export class IngressRequest extends IncomingMessage {
  /** Path and query with the application's route prefix; `url` does not have the prefix. */
  readonly originalUrl: string;
  readonly requestId: string;
  readonly prefix: string;
  readonly tracker: Tracker;
  readonly #call: IncomingCall;
  /** The number of bytes that have arrived, but for which no credit was returned yet. */
  #owed = 0;
  #isOver = false;

  /** @param hasBody false if the bytes that follow on the call are not the body of this request */
  constructor(call: IncomingCall, head: HttpCallHead, socket: IngressSocket, tracker: Tracker, hasBody = true) {
    super(socket as unknown as Socket);
    // Node destroys a request after its body was read, so its `close` says nothing about the client. Here, `close` is emitted when the answer is complete or
    // when the client has disconnected.
    (this as unknown as Inside)._readableState.autoDestroy = false;
    this.#call = call;
    this.tracker = tracker;
    this.method = head.method;
    this.originalUrl = head.url;
    this.requestId = head.requestId;
    this.prefix = head.prefix;
    this.url = withoutPrefix(head.url, head.prefix);
    this.httpVersion = '1.1';
    this.httpVersionMajor = 1;
    this.httpVersionMinor = 1;
    // The parser of Node's server calls this too. It joins headers of one name into one, by Node's rules.
    const headers = headersOf(call, head);
    (this as unknown as Inside)._addHeaderLines(headers, headers.length);
    const isStreaming = hasBody && call.streaming;
    this.complete = !isStreaming;
    if (!isStreaming) {
      // A copy, because user code may transfer the buffer, and the original also holds other messages.
      if (call.body !== null && call.body.length > 0) this.push(Buffer.from(call.body));
      this.push(null);
    }
  }

  /** Starts to receive the pieces of the body. Call it after the listeners for errors are set. */
  begin(): void {
    if (!this.#call.streaming) return;
    this.#call.onBody = {
      onData: (chunk) => this.#receive(chunk),
      onEnd: () => {
        this.complete = true;
        if (!this.#isOver) this.push(null);
      },
      onError: (error) => this.cut(error),
    };
  }

  /** Called if the client has disconnected, or if the deadline has passed. As in Node, `aborted` is emitted before `close`. */
  cut(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.aborted = true;
    this.emit('aborted');
    this.destroy(error);
  }

  /** Called when the answer is complete. */
  finish(): void {
    this.#isOver = true;
    this.#grant();
    this.destroy();
  }

  override _read(): void {
    (this as unknown as Inside)._consumed = true;
    this.#grant();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // User code destroyed the request before the answer is complete. As in Node, this ends the connection.
    if (!this.#isOver) {
      this.#isOver = true;
      this.aborted = true;
      this.emit('aborted');
      this.socket.destroy(error ?? undefined);
    }
    process.nextTick(() => callback(this.listenerCount('error') === 0 ? null : error));
  }

  #receive(chunk: Uint8Array): void {
    if (this.#isOver || this.destroyed) {
      this.#call.consumed(chunk.length);
      return;
    }
    this.#owed += chunk.length;
    (this.socket as unknown as IngressSocket).touch();
    if (this.push(Buffer.from(chunk))) this.#grant();
  }

  #grant(): void {
    if (this.#owed === 0) return;
    const owed = this.#owed;
    this.#owed = 0;
    this.#call.consumed(owed);
  }
}

/** Path and query without the route prefix, as the routes of the application see them. */
export function withoutPrefix(url: string, prefix: string): string {
  const isRoot = prefix === '/' || prefix === '';
  const rest = isRoot ? url : url.slice(prefix.length);
  // The address of an application at the root ends with a slash, so `${handle.url}/path` has two.
  if (rest.startsWith('//')) return rest.slice(1);
  return isRoot || rest.startsWith('/') ? rest : `/${rest}`;
}

function headersOf(call: IncomingCall, { headers, requestId, length }: HttpCallHead): string[] {
  const added: string[] = [];
  // The proxy removed `transfer-encoding`, because it belongs to one connection. Fastify needs the header to know that there is a body.
  if (call.streaming && length === undefined) added.push('transfer-encoding', 'chunked');
  if (!hasHeader(headers, REQUEST_ID)) added.push(REQUEST_ID, requestId);
  return added.length === 0 ? headers : [...headers, ...added];
}

function hasHeader(flat: readonly string[], name: string): boolean {
  for (let i = 0; i < flat.length; i += 2) {
    if (flat[i]?.length === name.length && flat[i]?.toLowerCase() === name) return true;
  }
  return false;
}
