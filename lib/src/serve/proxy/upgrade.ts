import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { OutgoingCall, ResponseSink } from '../../ipc/index.js';
import { showsToken } from '../access/index.js';
import type { AnswerHead, Route } from '../protocol/index.js';
import type { RouterLike } from '../router/index.js';
import { answerFault } from './answer-fault.js';
import { type ClientWishes, clientWishes } from './client-wishes.js';
import { answerError } from './error-answer.js';
import { BadAnswer } from './errors.js';
import { CLIENT_LEFT, type ExchangeHost, SECURE } from './exchange.js';
import { endToEnd } from './headers.js';

const PROTOCOL = 'websocket';

/**
 * WebSockets begin with a request without a body, so the bytes behind its head are those of the other protocol. In HTTP/1.0, the header `upgrade` has no
 * meaning (RFC 9110, section 7.8).
 */
export const asksForWebSocket = ({ method, headers, httpVersion }: IncomingMessage): boolean =>
  method === 'GET' &&
  httpVersion === '1.1' &&
  headers.upgrade?.trim().toLowerCase() === PROTOCOL &&
  headers['transfer-encoding'] === undefined &&
  Number(headers['content-length'] ?? 0) === 0;

/** A request to speak WebSocket, and the bytes that follow: between a client and a replica they go through as they are. */
export class Upgrade implements ResponseSink {
  readonly #host: ExchangeHost;
  readonly #request: IncomingMessage;
  readonly #socket: Socket;
  readonly #requestId: string;
  #call: OutgoingCall | null = null;
  /** If the replica answers as to any request. */
  #response: ServerResponse | null = null;
  #isOpen = false;
  #isDone = false;
  /** Bytes that the client has not taken yet, for which the replica gets no new credit. */
  #owed = 0;

  constructor(host: ExchangeHost, request: IncomingMessage, socket: Socket, requestId: string) {
    this.#host = host;
    this.#request = request;
    this.#socket = socket;
    this.#requestId = requestId;
    // It is closed with that.
    socket.on('error', () => {});
    socket.once('close', () => this.#left());
    socket.on('drain', () => this.#settle());
  }

  /**
   * @param first bytes that came with the head
   * @param waitedMs how long it has waited for the first routes
   */
  forward(route: Route, url: string, via: Pick<RouterLike, 'dispatch'>, first: Buffer, waitedMs = 0): void {
    const { headers, rawHeaders } = this.#request;
    let wishes: ClientWishes;
    try {
      wishes = clientWishes(headers, waitedMs);
    } catch (error) {
      this.onError(error as Error);
      return;
    }
    const call = via.dispatch({
      key: `${route.app}/${route.deployment}`,
      method: 'fetch',
      head: {
        kind: 'http',
        method: 'GET',
        url,
        headers: [...endToEnd(rawHeaders), 'connection', 'Upgrade', 'upgrade', PROTOCOL],
        host: headers.host ?? 'localhost',
        prefix: route.prefix,
        requestId: this.#requestId,
        upgrade: true,
        ...(this.#host.secure ? SECURE : {}),
        ...(wishes.priority === undefined ? {} : { priority: wishes.priority }),
      },
      body: 'stream',
      sink: this,
      ...(wishes.limit === undefined ? {} : { limit: wishes.limit }),
    });
    this.#call = call;
    if (first.length > 0) call.write(first);
    this.#socket.on('data', (piece: Buffer) => {
      if (!this.#isDone && !call.write(piece)) this.#socket.pause();
    });
    if (this.#socket.readableEnded) call.end();
    else this.#socket.on('end', () => call.end());
    this.#socket.resume();
  }

  // ResponseSink

  onHead(head: AnswerHead): void {
    if (head.kind === 'http' && head.status === 101) {
      this.#isOpen = true;
      return;
    }
    const fault = answerFault(head);
    try {
      if (fault !== null) throw new TypeError(fault);
      const { status, headers } = head as Extract<AnswerHead, { kind: 'http' }>;
      this.#respond().writeHead(status, [...endToEnd(headers), 'x-request-id', this.#requestId]);
    } catch (error) {
      this.#call?.cancel('the answer has an invalid head');
      this.onError(BadAnswer({ reason: (error as Error).message }, error));
    }
  }

  onData(chunk: Uint8Array): void {
    if (this.#isDone) return;
    if ((this.#isOpen ? this.#socket : this.#respond()).write(chunk)) this.#call?.consumed(chunk.length);
    else this.#owed += chunk.length;
  }

  onEnd(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    if (this.#isOpen) this.#socket.destroySoon();
    else this.#respond().end();
  }

  onError(error: Error): void {
    if (this.#isDone) return;
    this.#isDone = true;
    const response = this.#isOpen ? null : this.#respond();
    if (response === null || response.headersSent) {
      this.#socket.destroy();
      return;
    }
    const { cors, failures, token } = this.#host;
    answerError(this.#request, response, error, {
      requestId: this.#requestId,
      isTrusted: showsToken(this.#request.headers, token),
      close: true,
      headers: cors.headersFor(this.#request),
      log: failures,
    });
  }

  onDrain(): void {
    this.#socket.resume();
  }

  /** An answer of plain HTTP, with which the connection ends: Node's server has handed it over. */
  #respond(): ServerResponse {
    if (this.#response !== null) return this.#response;
    const response = new ServerResponse(this.#request);
    response.shouldKeepAlive = false;
    this.#request.complete = true;
    response.assignSocket(this.#socket);
    response.once('finish', () => this.#socket.destroySoon());
    this.#response = response;
    return response;
  }

  #settle(): void {
    const owed = this.#owed;
    this.#owed = 0;
    if (owed > 0) this.#call?.consumed(owed);
  }

  #left(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#call?.cancel(CLIENT_LEFT);
  }
}

/** The request as Node reads it without its wish to speak another protocol: the bytes of its head, to be put before what followed. */
export function withoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'upgrade') lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
