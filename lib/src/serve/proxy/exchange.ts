import type { IncomingMessage, ServerResponse } from 'node:http';
import { fromWireError } from '../../core/index.js';
import { ByteQueue, type OutgoingCall, type ResponseSink } from '../../ipc/index.js';
import { showsToken } from '../access/index.js';
import type { AnswerHead, DeploymentKey, Route } from '../protocol/index.js';
import { REPLAY_LIMIT_BYTES, type RouterLike } from '../router/index.js';
import { answerFault } from './answer-fault.js';
import { BodyPump } from './body-pump.js';
import type { ClientConnection, OpenRequest } from './client-connection.js';
import { type ClientWishes, clientWishes, NO_WISHES } from './client-wishes.js';
import { type Cors, withCors } from './cors.js';
import { asksForContinue, type ClientRequest, type ClientResponse, endAnswer } from './end-answer.js';
import { answerError } from './error-answer.js';
import { BadAnswer, RequestTooSlow } from './errors.js';
import type { FailureLog } from './failure-log.js';
import { endToEnd, withoutContent } from './headers.js';
import { HeldPieces, JOIN_BYTES } from './held-pieces.js';
import { PlainRequest } from './plain-request.js';
import type { BodyReader, SlowBodies } from './slow-bodies.js';

/** What one request needs from its proxy. */
export interface ExchangeHost {
  readonly router: RouterLike;
  readonly bodies: SlowBodies;
  /** The cluster's token. A client that sends it sees all details of errors. */
  readonly token: string;
  readonly failures: FailureLog;
  /** True if HTTP is answered over TLS. */
  readonly secure: boolean;
  /** True while connections are being closed. Each answer then says so. */
  readonly draining: boolean;
  readonly cors: Cors;
  /** If the head or the first pieces are not followed by the end in the same tick, they are written at the end of the tick. */
  flushLater(exchange: Exchange): void;
}

/** Reasons of cancels that the answer has not caused. */
export const CLIENT_LEFT = 'the client went away';
const BODY_STALLED = 'the request body stopped coming';
export const CLIENT_REASONS: readonly string[] = [CLIENT_LEFT, BODY_STALLED];

const WRONG_LENGTH = 'the answer is not as long as its content-length';

/** What the head of a request says that came over TLS. */
export const SECURE = { secure: true } as const;

/** One HTTP request and its answer, between a client and a replica. */
export class Exchange implements ResponseSink, BodyReader, OpenRequest {
  readonly #host: ExchangeHost;
  readonly #connection: ClientConnection;
  readonly #request: ClientRequest;
  readonly #response: ClientResponse;
  readonly #requestId: string;
  /** The router, or what stands in for it. */
  #via: Pick<RouterLike, 'dispatch'>;
  #call: OutgoingCall | null = null;
  #key: DeploymentKey | null = null;
  #wishes: ClientWishes = NO_WISHES;
  readonly #held = new HeldPieces();
  #streaming = false;
  #done = false;
  /** True if a page of an allowed origin may read the answer. */
  #mayRead = true;
  /**
   * True if the client waits for 100 Continue. If it does not get it, the next bytes may be the body or another request, and the two cannot be
   * distinguished.
   */
  #expectsContinue: boolean;
  #pump: BodyPump | null = null;
  /** Number of bytes that the client has not taken yet. The replica gets no new credit for them. */
  #owed = 0;
  /** Headers of an error's answer: name, value, name, value, … */
  #errorHeaders: string[] = [];

  constructor(host: ExchangeHost, connection: ClientConnection, request: ClientRequest, response: ClientResponse, id: string) {
    this.#host = host;
    this.#connection = connection;
    this.#request = request;
    this.#response = response;
    this.#requestId = id;
    this.#via = host.router;
    this.#expectsContinue = asksForContinue(request);
    connection.open.add(this);
    host.bodies.readBy(request, this);
  }

  /**
   * Sends the request to the deployment of its route. If the body is small and its length is known, it is sent in one piece.
   * @param waitedMs how long it has waited for the first routes
   */
  forward(route: Route, url: string, via: Pick<RouterLike, 'dispatch'>, waitedMs = 0): void {
    // The client may have left while it waited.
    if (this.#done) return;
    this.#via = via;
    const request = this.#request;
    const { headers } = request;
    try {
      this.#wishes = clientWishes(headers, waitedMs);
    } catch (error) {
      this.fail(error as Error);
      return;
    }
    if (this.#expectsContinue) this.#continue();
    const length = headers['content-length'];
    if (request instanceof PlainRequest) this.#dispatch(route, url, request.body, request.body?.length);
    else if (headers['transfer-encoding'] !== undefined) this.#stream(request, route, url, undefined);
    else if (length === undefined || length === '0') this.#dispatch(route, url, null, 0);
    else if (Number(length) <= REPLAY_LIMIT_BYTES) this.#collect(request, route, url);
    else this.#stream(request, route, url, Number(length));
  }

  /** Answers with an error that user code answered with, under the headers that it chose. */
  #failWith(error: Error, given: string[]): void {
    this.#errorHeaders = withoutContent(endToEnd(given));
    this.fail(error);
  }

  /** Answers a page that may not call with an error. */
  refuse(error: Error): void {
    this.#mayRead = false;
    this.fail(error);
  }

  /** Answers with an error. If the answer has begun, breaks it off. */
  fail(error: Error, close = this.#host.draining || this.#expectsContinue): void {
    if (this.#done) return;
    if (this.#response.headersSent) {
      this.#breakOff();
      return;
    }
    this.#finish();
    try {
      this.#tell(error, close, this.#errorHeaders);
    } catch (invalid) {
      // Thrown for a name or value that HTTP does not allow. Nothing has been sent.
      this.#tell(BadAnswer({ reason: (invalid as Error).message }, invalid), close, []);
    }
  }

  #tell(error: Error, close: boolean, headers: string[]): void {
    answerError(this.#request, this.#response, error, {
      requestId: this.#requestId,
      isTrusted: showsToken(this.#request.headers, this.#host.token),
      close,
      headers: withCors(headers, this.#mayRead ? this.#host.cors.headersFor(this.#request) : []),
      log: this.#host.failures,
    });
  }

  // BodyReader

  bodyStalled(idleMs: number): void {
    this.#call?.cancel(BODY_STALLED);
    this.fail(RequestTooSlow({ idleMs }), true);
  }

  // OpenRequest

  bodyMalformed(request: IncomingMessage, error: Error): void {
    if (request !== this.#request) return;
    this.#call?.cancel(BODY_STALLED);
    this.fail(error, true);
  }

  abandon(): void {
    if (this.#done) return;
    this.#finish();
    this.#call?.cancel(CLIENT_LEFT);
  }

  /** To be called at the end of a tick in which a part of the answer arrived, but not its end. Writes what has arrived. */
  flush(): void {
    if (this.#done) return;
    if (this.#streaming) {
      const more = this.#held.take();
      if (more !== null) this.#write(more);
      return;
    }
    this.#streaming = true;
    this.#response.strictContentLength = true;
    const held = this.#held.take();
    if (held === null) this.#response.flushHeaders();
    else this.#write(held);
  }

  // ResponseSink

  onHead(head: AnswerHead): void {
    if (this.#done) return;
    try {
      const fault = answerFault(head);
      if (fault !== null) throw new TypeError(fault);
      const { status, headers: given, error } = head as Extract<AnswerHead, { kind: 'http' }>;
      if (error !== undefined) {
        this.#failWith(fromWireError(error), given);
        return;
      }
      const headers = withCors(endToEnd(given), this.#host.cors.headersFor(this.#request));
      headers.push('x-request-id', this.#requestId);
      if (this.#host.draining) headers.push('connection', 'close');
      this.#response.writeHead(status, headers);
    } catch (error) {
      // This is also thrown for a name or value that HTTP does not allow.
      this.#call?.cancel('the answer has an invalid head');
      this.fail(BadAnswer({ reason: (error as Error).message }, error));
      return;
    }
    this.#host.flushLater(this);
  }

  onData(chunk: Uint8Array): void {
    if (this.#done) return;
    const isFirst = this.#held.isEmpty;
    if ((isFirst && this.#streaming && chunk.length >= JOIN_BYTES) || !this.#held.add(chunk)) {
      this.flush();
      this.#write(chunk);
    } else if (isFirst && this.#streaming) this.#host.flushLater(this);
  }

  onEnd(): void {
    if (this.#done) return;
    const held = this.#held.take();
    this.#finish();
    endAnswer(this.#request, this.#response, held, () => this.#cutOff());
  }

  onError(error: Error): void {
    this.fail(error);
  }

  onDrain(): void {
    this.#pump?.onDrain();
  }

  #dispatch(route: Route, url: string, body: Uint8Array | null | 'stream', length: number | undefined): void {
    const { method = 'GET', headers, rawHeaders } = this.#request;
    const { limit, priority } = this.#wishes;
    this.#key = `${route.app}/${route.deployment}`;
    this.#call = this.#via.dispatch({
      key: this.#key,
      method: 'fetch',
      head: {
        kind: 'http',
        method,
        url,
        headers: endToEnd(rawHeaders),
        host: headers.host ?? 'localhost',
        prefix: route.prefix,
        requestId: this.#requestId,
        ...(length === undefined || length === 0 ? {} : { length }),
        ...(priority === undefined ? {} : { priority }),
        ...(this.#host.secure ? SECURE : {}),
      },
      body,
      sink: this,
      ...(limit === undefined ? {} : { limit }),
    });
  }

  #continue(): void {
    this.#expectsContinue = false;
    (this.#response as ServerResponse).writeContinue();
  }

  #collect(request: IncomingMessage, route: Route, url: string): void {
    const body = new ByteQueue();
    request.on('data', (chunk: Buffer) => body.push(chunk, true));
    request.on('end', () => {
      const { length } = body;
      if (!this.#done) this.#dispatch(route, url, body.takeAll(), length);
    });
  }

  #stream(request: IncomingMessage, route: Route, url: string, length: number | undefined): void {
    this.#dispatch(route, url, 'stream', length);
    this.#pump = new BodyPump(request, {
      write: (piece) => this.#done || this.#call?.write(piece) !== false,
      end: () => this.#call?.end(),
    });
  }

  #write(chunk: Uint8Array): void {
    let room: boolean;
    try {
      room = this.#response.write(chunk);
    } catch {
      // There are more bytes than the content-length says. The rest would be read as another answer.
      this.#finish();
      this.#cutOff();
      return;
    }
    if (room) {
      this.#call?.consumed(chunk.length);
      return;
    }
    if (this.#owed === 0) this.#response.once('drain', () => this.#settle());
    this.#owed += chunk.length;
  }

  /** Sends the part of the answer that has come, so that the client sees that the answer broke off. Many clients repeat a request that got no answer at all. */
  #breakOff(): void {
    const response = this.#response;
    const wasOut = this.#streaming && this.#held.isEmpty;
    this.flush();
    if (this.#done) return;
    this.#finish();
    const destroyLater = (): void => void setImmediate(() => response.destroy());
    // Behind other answers it has no socket yet, and would be destroyed before its first byte was sent.
    if (response.socket === null) (response as ServerResponse).once('socket', destroyLater);
    else if (wasOut) response.destroy();
    else destroyLater();
  }

  /** Ends the connection behind an answer whose length is wrong. */
  #cutOff(): void {
    this.#call?.cancel(WRONG_LENGTH);
    this.#host.failures.cutOff(this.#request, `${this.#key}: ${WRONG_LENGTH}`, this.#requestId);
    this.#response.destroy();
  }

  #settle(): void {
    const owed = this.#owed;
    this.#owed = 0;
    this.#call?.consumed(owed);
  }

  #finish(): void {
    this.#done = true;
    this.#held.take();
    this.#connection.open.delete(this);
    this.#host.bodies.answered(this.#request);
    // Nobody reads the rest of the body. Node drops it, so that the connection can be used again.
    if (this.#request.isPaused()) this.#request.resume();
  }
}
