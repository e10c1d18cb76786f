import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterArrivals } from '../../core/index.js';

/** The code that waits for a request's body. */
export interface BodyReader {
  /** Called when nothing arrived for the idle time. It answers and closes the connection. */
  bodyStalled(idleMs: number): void;
}

const WATCHED = Symbol('watched');

/** A connection with the last body that arrived on it. */
interface Watched {
  readonly socket: WatchedSocket;
  /** Null if that body is complete. */
  request: IncomingMessage | null;
  /** Null if no code waits for the body; then the connection is only closed. */
  reader: BodyReader | null;
  bytesRead: number;
}

type WatchedSocket = Socket & { [WATCHED]?: Watched };

/**
 * Gives up requests whose body stops arriving. Each of them would hold a connection and up to 1 MiB for as long as its client likes.
 * Node's own `requestTimeout` limits the total time of a request, so it would end long uploads.
 * The state is stored with the connection. A collection of requests, to which each is added and from which each is removed, took a third of the
 * proxy's time (33 µs for a request instead of 22), because short-lived requests then look long-lived to the garbage collector.
 */
export class SlowBodies {
  readonly #idleMs: number;
  readonly #connections = new Set<Watched>();
  #timer: NodeJS.Timeout | null = null;
  #sweptAt = 0;

  /** @param idleMs time without a byte after which a request is given up: at the earliest after this time, and at the latest after twice this time */
  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  /** Watches a request with a body until the body is complete, even if the request was answered before. */
  watch(request: IncomingMessage): void {
    const { headers } = request;
    if (headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0') return;
    const socket = request.socket as WatchedSocket;
    const watched = socket[WATCHED] ?? this.#connect(socket);
    watched.request = request;
    watched.reader = null;
    watched.bytesRead = -1;
  }

  /** Sets the code that must answer if the body stalls. */
  readBy(request: Pick<IncomingMessage, 'socket'>, reader: BodyReader): void {
    const watched = (request.socket as WatchedSocket)[WATCHED];
    if (watched?.request === request) watched.reader = reader;
  }

  /** To be called when the request was answered. The rest of its body is still watched. */
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
    if (this.#timer !== null) return watched;
    this.#sweptAt = performance.now();
    this.#timer = setInterval(() => afterArrivals(this.#sweptAt + this.#idleMs, () => this.#sweep()), this.#idleMs).unref();
    return watched;
  }

  #sweep(): void {
    this.#sweptAt = performance.now();
    for (const watched of this.#connections) {
      const { socket, request, reader } = watched;
      if (request === null) continue;
      if (request.complete) {
        watched.request = null;
        continue;
      }
      // A paused request waits for the replica, not for its client.
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
