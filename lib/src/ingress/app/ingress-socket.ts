import { Duplex } from 'node:stream';

/** Receives what happens on a socket. */
export interface SocketPeer {
  /** User code wrote bytes; call `taken` when it may write more. */
  wrote(bytes: Buffer, taken: () => void): void;
  /** User code has ended its side. */
  ended(): void;
  /** User code is ready to read more. */
  wanted(): void;
  /** The socket was destroyed. @param error the reason, if there is one */
  closed(error: Error | null): void;
}

/**
 * Takes the place of the client's connection for Node, Fastify and plugins; it belongs to one request. No bytes of HTTP pass through it, unless the
 * connection was upgraded.
 */
export class IngressSocket extends Duplex {
  /** Fastify's `request.protocol` says `https` if this is true. */
  readonly encrypted: boolean;
  readonly connecting = false;
  readonly remoteFamily = 'IPv4';
  readonly localAddress = '127.0.0.1';
  timeout = 0;
  readonly #peer: SocketPeer;
  #timer: NodeJS.Timeout | null = null;

  constructor(peer: SocketPeer, isSecure: boolean) {
    super({ allowHalfOpen: true, emitClose: true, decodeStrings: true });
    this.#peer = peer;
    this.encrypted = isSecure;
  }

  /** Emits `timeout` when no byte has passed in either direction for this time; 0 switches it off. As in `net.Socket`, nothing else happens. */
  setTimeout(timeoutMs: number, listener?: () => void): this {
    this.timeout = timeoutMs;
    if (listener !== undefined) this.once('timeout', listener);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = timeoutMs > 0 ? setTimeout(() => this.emit('timeout'), timeoutMs).unref() : null;
    return this;
  }

  /** Called when bytes have passed, so that the timeout starts again. */
  touch(): void {
    this.#timer?.refresh();
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  address(): Record<string, never> {
    return {};
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  override _read(): void {
    this.#peer.wanted();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.touch();
    this.#peer.wrote(chunk, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#peer.ended();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#peer.closed(error);
    // The peer knows the error already. An `error` event without a listener would end the process.
    callback(this.listenerCount('error') === 0 ? null : error);
  }
}
