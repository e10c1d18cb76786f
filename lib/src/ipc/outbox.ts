import type { Socket } from 'node:net';
import { FrameWriter } from './frame-writer.js';
import { SendQueue } from './send-queue.js';

/** Body data is given to the socket up to this limit. The rest waits in the queue, so that control frames can overtake it. */
const SOCKET_HIGH_WATER = 128 * 1024;

/** The outgoing side of a channel. All frames of one tick leave in one write. */
export class Outbox {
  /** Frames that are written here leave in this order. Call `written` after writing. */
  readonly writer = new FrameWriter();
  /** Streams that wait for credit or for their turn. */
  readonly sends: SendQueue;
  readonly #socket: Socket;
  #scheduled = false;
  #flushing = false;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.sends = new SendQueue(
      this.writer,
      () => this.written(),
      () => this.buffered >= SOCKET_HIGH_WATER,
    );
    socket.on('drain', this.flush);
  }

  /** Bytes that the operating system has not taken yet. */
  get buffered(): number {
    return this.writer.pending + this.#socket.writableLength;
  }

  /** Flushes after this turn of the event loop, or at once if many bytes are pending. */
  written(): void {
    if (this.writer.pending >= SOCKET_HIGH_WATER && !this.#flushing) {
      this.flush();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.flush);
    }
  }

  flush = (): void => {
    this.#scheduled = false;
    const socket = this.#socket;
    if (this.#closed || socket.destroyed) return;
    this.#flushing = true;
    this.sends.pump();
    this.#flushing = false;
    const chunks = this.writer.take();
    if (chunks.length === 1) socket.write(chunks[0] as Buffer);
    else if (chunks.length > 1) {
      socket.cork();
      for (const chunk of chunks) socket.write(chunk);
      socket.uncork();
    }
    // The socket holds nothing, so the write was synchronous and the slab can be used again.
    if (socket.writableLength === 0) this.writer.recycle();
    if (this.sends.waiting && !socket.writableNeedDrain) this.written();
  };

  /** Runs the action when the operating system has everything that was flushed; usually this is now. It also runs if the write fails. */
  whenDelivered(action: () => void): void {
    if (this.#closed || this.#socket.writableLength === 0) action();
    else this.#socket.write(NOTHING, () => action());
  }

  /** After this, nothing more is written. */
  close(): void {
    this.#closed = true;
    this.sends.clear();
  }
}

const NOTHING = Buffer.alloc(0);
