import type { Socket } from 'node:net';
import { FrameWriter } from './frame-writer.js';
import { SendQueue } from './send-queue.js';

/** Stream data is handed to the socket up to here; the rest waits in the queue, where control frames overtake it. */
const SOCKET_HIGH_WATER = 128 * 1024;

/** The way out of a channel: frames of one tick leave in one write. */
export class Outbox {
  /** Frames written here leave in order; whoever writes says so with `written`. */
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

  /** Flushes after this turn of the loop; at once where much is pending. */
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
    // Nothing waits in the socket: the write was synchronous and the slab is free again.
    if (socket.writableLength === 0) this.writer.recycle();
    if (this.sends.waiting && !socket.writableNeedDrain) this.written();
  };

  /** Runs the action once all that was flushed is with the operating system: as a rule, now. It runs also if that fails. */
  whenDelivered(action: () => void): void {
    if (this.#closed || this.#socket.writableLength === 0) action();
    else this.#socket.write(NOTHING, () => action());
  }

  /** Nothing is written from now on. */
  close(): void {
    this.#closed = true;
    this.sends.clear();
  }
}

const NOTHING = Buffer.alloc(0);
