import { Duplex } from 'node:stream';

/** The other end of a socket. */
export interface SocketPeer {
  /** Bytes that user code wrote; `taken` is called when more may come. */
  wrote(bytes: Buffer, taken: () => void): void;
  /** User code writes no more. */
  ended(): void;
  /** It reads. */
  wanted(): void;
  /** @param error what it was destroyed with */
  closed(error: Error | null): void;
}

/**
 * Stands for the client's connection where Node, Fastify and plugins look for one; it belongs to one request. No bytes of HTTP go over it,
 * unless it was upgraded.
 */
export class IngressSocket extends Duplex {
  readonly encrypted = false;
  readonly connecting = false;
  readonly remoteFamily = 'IPv4';
  readonly localAddress = '127.0.0.1';
  timeout = 0;
  readonly #peer: SocketPeer;
  #timer: NodeJS.Timeout | null = null;

  constructor(peer: SocketPeer) {
    super({ allowHalfOpen: true, emitClose: true, decodeStrings: true });
    this.#peer = peer;
  }

  /** Emits `timeout` after so long without a byte in either direction; 0 is never. Nothing else becomes of it, as in `net.Socket`. */
  setTimeout(timeoutMs: number, listener?: () => void): this {
    this.timeout = timeoutMs;
    if (listener !== undefined) this.once('timeout', listener);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = timeoutMs > 0 ? setTimeout(() => this.emit('timeout'), timeoutMs).unref() : null;
    return this;
  }

  /** There was a byte. */
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
    // It was told; as an event it would end the process where nobody listens.
    callback(this.listenerCount('error') === 0 ? null : error);
  }
}
