import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Whoever waits for a request's body. */
export interface BodyReader {
  /** Nothing came for the idle time; answers and closes the connection. */
  bodyStalled(idleMs: number): void;
}

const WATCHED = Symbol('watched');

/** A connection with the body that came last on it. */
interface Watched {
  readonly socket: WatchedSocket;
  /** Null: that body is complete. */
  request: IncomingMessage | null;
  /** Null: nobody waits for it, the connection is just closed. */
  reader: BodyReader | null;
  bytesRead: number;
}

type WatchedSocket = Socket & { [WATCHED]?: Watched };

/**
 * Gives up requests whose body stops coming: each would hold a connection, and up to 1 MiB, for as long as its client likes.
 * Node's own `requestTimeout` counts the whole time of a request and would end long uploads.
 *
 * What is kept is per connection: a collection of requests, each added and removed, took a third of the proxy's time (33 µs a request for 22), since it made
 * short-lived requests look long-lived to the garbage collector.
 */
export class SlowBodies {
  readonly #idleMs: number;
  readonly #connections = new Set<Watched>();
  #timer: NodeJS.Timeout | null = null;

  /** @param idleMs without a byte, after which a request is given up at the earliest; at twice that at the latest */
  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  /** Watches a request with a body until that is complete, also where it was answered before. */
  watch(request: IncomingMessage): void {
    const { headers } = request;
    if (headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0') return;
    const socket = request.socket as WatchedSocket;
    const watched = socket[WATCHED] ?? this.#connect(socket);
    watched.request = request;
    watched.reader = null;
    watched.bytesRead = -1;
  }

  /** Tells who is to answer where the body stalls. */
  readBy(request: Pick<IncomingMessage, 'socket'>, reader: BodyReader): void {
    const watched = (request.socket as WatchedSocket)[WATCHED];
    if (watched?.request === request) watched.reader = reader;
  }

  /** The request was answered; what is left of its body is still watched. */
  answered(request: Pick<IncomingMessage, 'socket' | 'complete'>): void {
    const watched = (request.socket as WatchedSocket)[WATCHED];
    if (watched?.request !== request) return;
    watched.reader = null;
    if (request.complete) watched.request = null;
  }

  #connect(socket: WatchedSocket): Watched {
    const watched: Watched = { socket, request: null, reader: null, bytesRead: -1 };
    socket[WATCHED] = watched;
    this.#connections.add(watched);
    socket.once('close', () => this.#connections.delete(watched));
    this.#timer ??= setInterval(() => this.#sweep(), this.#idleMs).unref();
    return watched;
  }

  #sweep(): void {
    for (const watched of this.#connections) {
      const { socket, request, reader } = watched;
      if (request === null) continue;
      if (request.complete) {
        watched.request = null;
        continue;
      }
      // A paused one waits for the replica, not for its client.
      const stalled = socket.bytesRead === watched.bytesRead && !request.isPaused();
      watched.bytesRead = socket.bytesRead;
      if (!stalled) continue;
      watched.request = null;
      if (reader === null) socket.destroy();
      else reader.bodyStalled(this.#idleMs);
    }
    if (this.#connections.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
