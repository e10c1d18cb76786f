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

/** What one request needs of its replica. */
export interface ExchangeOwner {
  /** `app/deployment`. */
  readonly label: string;
  /** Requests that are worked on. */
  readonly ongoing: number;
  /** User code is done with it. */
  onOver(): void;
}

/** One request in user code, whatever becomes of it. */
export interface RunningExchange {
  /** The client went away, or the time is over. */
  abort(reason: string): void;
}

/** Why a request was aborted, in Node's words. */
function aborted(reason: string): Error {
  return Object.assign(new Error(`aborted: ${reason}`), { code: 'ECONNRESET' });
}

/** A request and its answer: frames on one side, the objects of Node's server on the other. */
export class HttpExchange implements RunningExchange, ResponseTaker, SocketPeer {
  readonly #call: IncomingCall;
  readonly #owner: ExchangeOwner;
  readonly #tracker: Tracker;
  readonly #socket: IngressSocket;
  readonly #request: IngressRequest;
  readonly #response: IngressResponse;
  #head: AnswerHead | null = null;
  /** The head left. */
  #isOut = false;
  /** Bytes that the head says of the body; `null` where it does not. */
  #length: number | null = null;
  #isDone = false;

  constructor(call: IncomingCall, head: HttpCallHead, owner: ExchangeOwner, onOver: () => void) {
    this.#call = call;
    this.#owner = owner;
    this.#tracker = new Tracker(() => {
      owner.onOver();
      onOver();
    });
    this.#socket = new IngressSocket(this);
    this.#request = new IngressRequest(call, head, this.#socket, this.#tracker);
    this.#response = new IngressResponse(this.#request, this);
    this.#response.assignSocket(this.#socket as unknown as Socket);
    // As the connection of Node's server does it.
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
        // All of it is the head, which leaves at the end.
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
    // By user code, which cannot complete the answer any more.
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
    // Not inside of the socket's own write, where Node makes an error with its stack of it: a third of the time of a request.
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
