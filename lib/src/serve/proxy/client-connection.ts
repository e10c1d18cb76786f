import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const CONNECTION = Symbol('connection');

/** A request whose answer is not complete. */
export interface OpenRequest {
  /** Called when the client has closed the connection. */
  abandon(): void;
  /** Called when the body of `request` cannot be read. Requests other than that one ignore this. */
  bodyMalformed(request: IncomingMessage, error: Error): void;
}

/** A client's connection with its open requests. One listener informs all of them when it ends. */
export class ClientConnection {
  readonly open = new Set<OpenRequest>();
  /** The request that Node read last. */
  last: IncomingMessage | null = null;
  /** True if its bytes could not be read as a request. Then nothing more is read. */
  isRefused = false;
  /** Answers of Node's server that are not completely written, in order. */
  readonly #unanswered = new Set<ServerResponse>();
  #whenAnswered: (() => void) | null = null;

  private constructor(socket: Socket) {
    socket.once('close', () => {
      for (const request of [...this.open]) request.abandon();
    });
  }

  static of(socket: Socket & { [CONNECTION]?: ClientConnection }): ClientConnection {
    socket[CONNECTION] ??= new ClientConnection(socket);
    return socket[CONNECTION];
  }

  /** To be called for each request that Node has read. */
  expect(request: IncomingMessage, response: ServerResponse): void {
    if (this.last === null) this.#watchEnd(request.socket);
    this.last = request;
    this.#unanswered.add(response);
    response.once('close', () => {
      this.#unanswered.delete(response);
      const action = this.#whenAnswered;
      if (this.#unanswered.size > 0 || action === null) return;
      this.#whenAnswered = null;
      action();
    });
  }

  /** From now on, Node does not close the connection when the client ends its side: what was refused has no answer yet, and Node knows of none. */
  takeEnd(socket: Socket): void {
    socket.removeAllListeners('end');
    if (this.last !== null) this.#watchEnd(socket);
  }

  /** Runs `action` when all requests that Node has read are answered. If none is open, it runs at once. */
  whenAnswered(action: () => void): void {
    if (this.#unanswered.size === 0) action();
    else this.#whenAnswered = action;
  }

  #watchEnd(socket: Socket): void {
    socket.once('end', () => watchHalfClosed(socket, () => this.#probe()));
  }

  /** Sends an interim answer. HTTP/1.0 has none, and none may be sent after the answer has begun. */
  #probe(): boolean {
    const [first] = this.#unanswered;
    if (first === undefined) return true;
    if (first.headersSent || first.req.httpVersion !== '1.1') return false;
    first.writeProcessing();
    return true;
  }
}

const LOOK_MS = 500;

/**
 * Finds out whether a client has left. If a client closes its sending side (FIN) before it has its answer, it has either left or only finished
 * sending; this becomes clear only when bytes are sent to it. A client that has left replies with a reset, which ends the connection.
 * So this waits for bytes that are sent anyway, and otherwise sends some.
 * @param probe sends bytes that are not part of an answer; it returns false if that is impossible, and then the client is assumed to have left
 */
export function watchHalfClosed(socket: Socket, probe: () => boolean): void {
  let written = socket.bytesWritten;
  const timer = setInterval(() => {
    if (socket.bytesWritten === written && !probe()) socket.destroy();
    written = socket.bytesWritten;
  }, LOOK_MS);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}
