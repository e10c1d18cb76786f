import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { IncomingCall } from '../../ipc/index.js';
import type { HttpCallHead } from '../../serve/protocol/index.js';
import type { IngressSocket } from './ingress-socket.js';
import type { Tracker } from './tracker.js';

const REQUEST_ID = 'x-request-id';

/** What Node keeps of a request, in every version that we run on. */
interface Inside {
  readonly _readableState: { autoDestroy: boolean };
  _consumed: boolean;
  _addHeaderLines(flat: string[], count: number): void;
}

/** A request as Node's server makes it, from what came over a channel. */
export class IngressRequest extends IncomingMessage {
  /** Path and query with the application's prefix, which `url` lacks. */
  readonly originalUrl: string;
  readonly requestId: string;
  readonly prefix: string;
  readonly tracker: Tracker;
  readonly #call: IncomingCall;
  /** Bytes that came and were not asked for. */
  #owed = 0;
  #isOver = false;

  /** @param hasBody false if what comes over the call is no body of this request */
  constructor(call: IncomingCall, head: HttpCallHead, socket: IngressSocket, tracker: Tracker, hasBody = true) {
    super(socket as unknown as Socket);
    // Node destroys a request whose body was read, so that `close` says nothing of the client. Here it is the end of the answer or of the client.
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
    // As the parser of Node's server does; by the rules of Node, several headers of one name become one.
    const headers = headersOf(call, head);
    (this as unknown as Inside)._addHeaderLines(headers, headers.length);
    const isStreaming = hasBody && call.streaming;
    this.complete = !isStreaming;
    if (!isStreaming) {
      // A copy: user code may transfer the buffer, which here holds other messages too.
      if (call.body !== null && call.body.length > 0) this.push(Buffer.from(call.body));
      this.push(null);
    }
  }

  /** To be called once somebody can be told of errors: the pieces of a body come from here on. */
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

  /** The client went away, or the time is over: as Node does it, `aborted` comes before `close`. */
  cut(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.aborted = true;
    this.emit('aborted');
    this.destroy(error);
  }

  /** The answer is complete. */
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
    // By user code, before the answer is complete: as Node does, the connection ends with it.
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

/** Path and query as the routes of the application see them. */
export function withoutPrefix(url: string, prefix: string): string {
  if (prefix === '/' || prefix === '') return url;
  const rest = url.slice(prefix.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function headersOf(call: IncomingCall, { headers, requestId, length }: HttpCallHead): string[] {
  const added: string[] = [];
  // It belongs to one connection and was taken off; Fastify looks for it to know that there is a body.
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
