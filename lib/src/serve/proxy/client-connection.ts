import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const CONNECTION = Symbol('connection');

/** A request whose answer is not complete. */
export interface OpenRequest {
  /** The client went away. */
  abandon(): void;
  /** The bytes of the body of `request` cannot be read. Requests other than that one ignore this. */
  bodyMalformed(request: IncomingMessage, error: Error): void;
}

/** A client's connection with the requests that are open on it; one listener tells all of them when it ends. */
export class ClientConnection {
  readonly open = new Set<OpenRequest>();
  /** The request that Node read last. */
  last: IncomingMessage | null = null;
  /** Its bytes could not be read as requests: nothing more is. */
  isRefused = false;
  /** Answers of Node's server that are not all written, the first one first. */
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

  /** A request that Node read. */
  expect(request: IncomingMessage, response: ServerResponse): void {
    if (this.last === null) request.socket.once('end', () => watchHalfClosed(request.socket, () => this.#probe()));
    this.last = request;
    this.#unanswered.add(response);
    response.once('close', () => {
      this.#unanswered.delete(response);
      if (this.#unanswered.size === 0) this.#whenAnswered?.();
    });
  }

  /** Runs `action` once all requests that Node read are answered: now, where none is open. */
  whenAnswered(action: () => void): void {
    if (this.#unanswered.size === 0) action();
    else this.#whenAnswered = action;
  }

  /** An interim answer; HTTP/1.0 has none, and none can come once the answer has begun. */
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
 * A client that sends no more (FIN) while it is owed an answer has left, or only said all that it had to say: nothing tells the two apart until bytes go
 * to it. One that left answers them with a reset, which ends the connection. So bytes that go out anyway are waited for, or else asked for.
 * @param probe sends something that is no part of an answer; false where that cannot be done: then the client counts as gone
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
