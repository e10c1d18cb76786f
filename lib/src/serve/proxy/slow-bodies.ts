import type { IncomingMessage } from 'node:http';

/** Whoever waits for a request's body. */
export interface BodyReader {
  /** Nothing came for the idle time; answers and closes the connection. */
  bodyStalled(idleMs: number): void;
}

interface Watched {
  /** Null: nobody waits for it, the connection is just closed. */
  reader: BodyReader | null;
  bytesRead: number;
}

/**
 * Gives up requests whose body stops coming: each would hold a connection, and up to 1 MiB, for as long as its client likes.
 * Node's own `requestTimeout` counts the whole time of a request and would end long uploads.
 */
export class SlowBodies {
  readonly #idleMs: number;
  readonly #watched = new Map<IncomingMessage, Watched>();
  #timer: NodeJS.Timeout | null = null;

  /** @param idleMs without a byte, after which a request is given up at the earliest; at twice that at the latest */
  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  /** Watches a request with a body until that is complete, also where it was answered before. */
  watch(request: IncomingMessage): void {
    const { headers } = request;
    if (headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0') return;
    this.#watched.set(request, { reader: null, bytesRead: -1 });
    this.#timer ??= setInterval(() => this.#sweep(), this.#idleMs).unref();
  }

  /** Tells who is to answer where the body stalls. */
  readBy(request: IncomingMessage, reader: BodyReader): void {
    const watched = this.#watched.get(request);
    if (watched !== undefined) watched.reader = reader;
  }

  /** The request was answered; what is left of its body is still watched. */
  answered(request: IncomingMessage): void {
    if (request.complete) this.#watched.delete(request);
    else this.#forget(request);
  }

  #forget(request: IncomingMessage): void {
    const watched = this.#watched.get(request);
    if (watched !== undefined) watched.reader = null;
  }

  #sweep(): void {
    for (const [request, watched] of this.#watched) {
      const { bytesRead, destroyed } = request.socket;
      if (request.complete || destroyed) {
        this.#watched.delete(request);
        continue;
      }
      const { reader } = watched;
      // A paused one waits for the replica, not for its client.
      const stalled = bytesRead === watched.bytesRead && !request.isPaused();
      watched.bytesRead = bytesRead;
      if (!stalled) continue;
      this.#watched.delete(request);
      if (reader === null) request.socket.destroy();
      else reader.bodyStalled(this.#idleMs);
    }
    if (this.#watched.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
