import type { Server, ServerResponse } from 'node:http';
import type { IncomingCall } from '../../ipc/index.js';
import type { HttpCallHead } from '../../serve/protocol/index.js';
import type { ExchangeOwner, RunningExchange } from './http-exchange.js';
import { IngressRequest } from './ingress-request.js';
import { IngressSocket, type SocketPeer } from './ingress-socket.js';
import { Tracker } from './tracker.js';

/** A request that upgrades its connection to another protocol. After the head, the bytes of both sides pass unchanged. */
export class UpgradeExchange implements RunningExchange, SocketPeer {
  readonly #call: IncomingCall;
  readonly #socket: IngressSocket;
  readonly #request: IngressRequest;
  readonly #tracker: Tracker;
  readonly #owner: ExchangeOwner;
  /** User code has written the first bytes. */
  #hasAnswered = false;
  #owed = 0;
  #isDone = false;
  /** User code has been told that no more bytes come. */
  #isEnded = false;

  constructor(call: IncomingCall, head: HttpCallHead, owner: ExchangeOwner, onOver: () => void) {
    this.#call = call;
    this.#owner = owner;
    this.#tracker = new Tracker(() => {
      owner.onOver();
      onOver();
    });
    this.#socket = new IngressSocket(this, head.secure === true);
    // The bytes after the head are not the body of this request.
    this.#request = new IngressRequest(call, { ...head, length: 0 }, this.#socket, this.#tracker, false);
    call.onBody = {
      onData: (chunk) => this.#receive(chunk),
      onEnd: () => this.#endReading(),
      onError: () => this.#socket.destroy(),
    };
  }

  begin(server: Server): void {
    // When user code no longer listens, an error would have no listener and would end the process.
    this.#socket.on('error', () => {});
    server.emit('upgrade', this.#request, this.#socket, NO_BYTES);
  }

  abort(): void {
    this.#socket.destroy();
  }

  // SocketPeer

  wrote(bytes: Buffer, taken: () => void): void {
    const call = this.#call;
    if (!this.#isDone && !this.#hasAnswered) {
      this.#answer(bytes);
      taken();
      return;
    }
    if (this.#isDone || call.write(bytes)) {
      taken();
      return;
    }
    call.onDrain = () => {
      call.onDrain = null;
      taken();
    };
  }

  ended(): void {
    this.#end();
    // The proxy closes the connection now, and no more bytes arrive. If user code does not read to the end, the socket never closes by itself.
    this.#endReading();
    this.#over();
  }

  wanted(): void {
    if (this.#owed === 0) return;
    const owed = this.#owed;
    this.#owed = 0;
    this.#call.consumed(owed);
  }

  closed(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#end();
    this.#request.finish();
    this.#over();
  }

  /** Until user code has written something, the client knows nothing of this replica, so another one can take the request if this one dies. */
  #answer(bytes: Uint8Array, end = false): void {
    this.#hasAnswered = true;
    this.#closeAfterRefusal();
    this.#call.respond({ kind: 'http', status: 101, headers: [], queue: this.#owner.ongoing }, bytes, end);
  }

  /**
   * If user code refuses the upgrade with a response of Node, such as one for a URL that cannot be read, nobody closes the connection behind it. A client
   * that stays would occupy a slot.
   */
  #closeAfterRefusal(): void {
    const { _httpMessage: response } = this.#socket as unknown as { readonly _httpMessage?: ServerResponse };
    if (response?.headersSent === true) response.once('finish', () => this.#socket.destroySoon());
  }

  #end(): void {
    if (this.#hasAnswered) this.#call.end();
    else this.#answer(NO_BYTES, true);
  }

  #over(): void {
    // If there was an answer, user code wrote it on the socket.
    this.#tracker.replied();
    this.#tracker.answered();
  }

  #endReading(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#socket.push(null);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#isDone || this.#isEnded || this.#socket.destroyed) {
      this.#call.consumed(chunk.length);
      return;
    }
    this.#owed += chunk.length;
    this.#socket.touch();
    if (this.#socket.push(Buffer.from(chunk))) this.wanted();
  }
}

const NO_BYTES = Buffer.alloc(0);
