import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { CallKinds, Channel } from './channel.js';
import type { Hello } from './messages.js';
import { SocketChannel } from './socket-channel.js';

/** One end of a connection inside this process. It has the members of a socket that a channel uses. */
class MemoryEnd extends Duplex {
  other: MemoryEnd | null = null;
  #blocked: (() => void) | null = null;

  override _read(): void {
    const blocked = this.#blocked;
    this.#blocked = null;
    blocked?.();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    // The sender uses its buffer again. A socket copies the bytes too.
    if (chunk.length === 0 || this.other === null || this.other.destroyed || this.other.push(Buffer.from(chunk))) done();
    else this.other.#blocked = done;
  }

  override _final(done: () => void): void {
    this.other?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { other } = this;
    this.other = null;
    this._read();
    done(error);
    setImmediate(() => other?.destroy());
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/**
 * Two channels that are connected inside this process. Everything goes through them as it goes through a socket: values are copied, and credit and order
 * are the same.
 * @returns the channel of the side `connecting`, and that of the side `accepting`
 */
export function memoryPair(connecting: Hello, accepting: Hello, kinds: CallKinds): readonly [Channel, Channel] {
  const ends = [new MemoryEnd(), new MemoryEnd()] as const;
  ends[0].other = ends[1];
  ends[1].other = ends[0];
  return [
    new SocketChannel(ends[0] as unknown as Socket, accepting, 'connecting', kinds),
    new SocketChannel(ends[1] as unknown as Socket, connecting, 'accepting', kinds),
  ];
}
