import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { toWireError } from '../../core/index.js';
import type { IncomingCall } from '../../ipc/index.js';
import type { AnswerHead, HttpCallHead } from '../../serve/protocol/index.js';
import { AnswerCut } from './errors.js';
import { IngressRequest } from './ingress-request.js';
import { IngressResponse, type ResponseTaker } from './ingress-response.js';
import { IngressSocket, type SocketPeer } from './ingress-socket.js';
import { Tracker } from './tracker.js';

/** What the exchange of one request needs from its replica. */
export interface ExchangeOwner {
  /** `app/deployment`. */
  readonly label: string;
  /** The number of requests that the replica is working on. */
  readonly ongoing: number;
  /** Called when user code has finished this request. */
  onOver(): void;
}

/** One request that user code is working on, over plain HTTP or as an upgraded connection. */
export interface RunningExchange {
  /** Called if the client has disconnected, or if the deadline has passed. */
  abort(reason: string): void;
}

/** The error with which a request is aborted; Node uses the same message and code. */
function aborted(reason: string): Error {
  return Object.assign(new Error(`aborted: ${reason}`), { code: 'ECONNRESET' });
}

/** A request and its answer. It translates between frames on one side and the objects of Node's server on the other. */
export class HttpExchange implements RunningExchange, ResponseTaker, SocketPeer {
  readonly #call: IncomingCall;
  readonly #owner: ExchangeOwner;
  readonly #tracker: Tracker;
  readonly #socket: IngressSocket;
  readonly #request: IngressRequest;
  readonly #response: IngressResponse;
  #head: AnswerHead | null = null;
  /** The head of the answer was sent. */
  #isOut = false;
  /** The length of the body according to the head, in bytes; `null` if the head does not say it. */
  #length: number | null = null;
  #isDone = false;

  constructor(call: IncomingCall, head: HttpCallHead, owner: ExchangeOwner, onOver: () => void) {
    this.#call = call;
    this.#owner = owner;
    this.#tracker = new Tracker(() => {
      owner.onOver();
      onOver();
    });
    this.#socket = new IngressSocket(this, head.secure === true);
    this.#request = new IngressRequest(call, head, this.#socket, this.#tracker);
    this.#response = new IngressResponse(this.#request, this);
    this.#response.assignSocket(this.#socket as unknown as Socket);
    // The connection of Node's server emits this event on the response, too.
    this.#socket.on('drain', () => this.#response.emit('drain'));
    this.#response.once('finish', () => this.#finish());
  }

  begin(server: Server): void {
    this.#request.begin();
    server.emit('request', this.#request, this.#response);
  }

  abort(reason: string): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#socket.destroy();
    this.#request.cut(aborted(reason));
    this.#tracker.answered();
  }

  // ResponseTaker

  onHead(status: number, headers: string[]): void {
    const { failure } = this.#response;
    this.#length = lengthIn(headers);
    this.#head = {
      kind: 'http',
      status,
      headers,
      queue: this.#owner.ongoing,
      ...(failure === null ? {} : { error: toWireError(failure) }),
    };
  }

  onReplied(): void {
    this.#tracker.replied();
  }

  // SocketPeer

  wrote(bytes: Buffer, taken: () => void): void {
    const call = this.#call;
    if (this.#isDone || this.#head === null) {
      taken();
      return;
    }
    if (!this.#isOut) {
      if (bytes.length === 0 && this.#response.writableEnded) {
        // The answer has no body: `#finish` sends the head.
        taken();
        return;
      }
      this.#isOut = true;
      if (bytes.length > 0 && bytes.length === this.#length) {
        call.respond(this.#head, bytes, true);
        this.#isDone = true;
        taken();
        return;
      }
      call.respond(this.#head);
    }
    if (call.write(bytes)) taken();
    else {
      call.onDrain = () => {
        call.onDrain = null;
        taken();
      };
    }
  }

  ended(): void {}

  wanted(): void {}

  closed(error: Error | null): void {
    if (this.#isDone) return;
    this.#isDone = true;
    // User code destroyed the socket, so the answer cannot be completed.
    const cut = AnswerCut({ deployment: this.#owner.label }, error ?? undefined);
    console.error(`${this.#request.method} ${this.#request.originalUrl} was cut off:`, error ?? cut.message);
    this.#call.fail(cut);
    this.#request.cut(cut);
    this.#tracker.answered();
  }

  #finish(): void {
    if (!this.#isDone) {
      this.#isDone = true;
      if (this.#isOut) this.#call.end();
      else this.#call.respond(this.#head as AnswerHead, undefined, true);
    }
    // If this ran inside the socket's own write, Node would create an error with a stack, which takes a third of the time of a request.
    process.nextTick(this.#close);
    this.#tracker.answered();
  }

  readonly #close = (): void => {
    this.#socket.destroy();
    this.#request.finish();
  };
}

function lengthIn(headers: readonly string[]): number | null {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (name.length === 14 && name.toLowerCase() === 'content-length') return Number(headers[i + 1]);
  }
  return null;
}
