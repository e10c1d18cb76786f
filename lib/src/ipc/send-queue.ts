import { Fifo } from '../core/index.js';
import { ByteQueue, SMALL_BYTES } from './byte-queue.js';
import { Flag, FrameType, MAX_PAYLOAD, WINDOW_BYTES } from './frame.js';
import type { FrameWriter } from './frame-writer.js';

/** `write` asks for a pause if more bytes than this are queued. */
const HIGH_WATER = 64 * 1024;
/** The limit of HTTP/2 (RFC 9113, section 6.9.1). */
const MAX_CREDIT = 2 ** 31 - 1;

/** The body bytes of one direction of one stream that wait for credit or for their turn. */
export class SendStream {
  readonly id: number;
  credit: number;
  readonly #queue: SendQueue;
  readonly #owner: SendOwner;
  readonly #bytes = new ByteQueue();
  #ended = false;
  #finished = false;
  #paused = false;
  /** Whether this stream is in the ring of the queue. */
  inRing = false;

  constructor(id: number, queue: SendQueue, owner: SendOwner, credit = WINDOW_BYTES) {
    this.id = id;
    this.#queue = queue;
    this.#owner = owner;
    this.credit = credit;
  }

  get sendable(): boolean {
    return !this.#finished && ((this.#bytes.length > 0 && this.credit > 0) || (this.#bytes.length === 0 && this.#ended));
  }

  /**
   * Small pieces wait until the end of the turn, and leave as one frame.
   * @param own if true, the bytes will not change, so they need not be copied
   */
  write(chunk: Uint8Array, own = false): boolean {
    const { length } = chunk;
    if (this.#ended || this.#finished || length === 0) return !this.#paused;
    const mayPass = this.#bytes.length === 0 && length >= SMALL_BYTES && length <= this.credit && length <= MAX_PAYLOAD;
    if (mayPass && this.#queue.idle) {
      this.#queue.writer.data(FrameType.DATA, Flag.NONE, this.id, chunk, 0, length);
      this.credit -= length;
      this.#queue.written();
      return true;
    }
    this.#bytes.push(chunk, own);
    this.#queue.ready(this);
    this.#paused = this.#bytes.length >= HIGH_WATER;
    return !this.#paused;
  }

  end(): void {
    if (this.#ended || this.#finished) return;
    this.#ended = true;
    this.#queue.ready(this);
  }

  /** Returns false if the credit becomes larger than any valid one. */
  grant(bytes: number): boolean {
    this.credit += bytes;
    if (this.credit > MAX_CREDIT) return false;
    this.#queue.ready(this);
    return true;
  }

  /** Drops the queued bytes. After this, nothing more is sent. */
  abandon(): void {
    this.#finished = true;
    this.#bytes.clear();
  }

  /** Writes what may leave now. To be called before another frame ends the stream. */
  sendRest(): void {
    while (this.sendable && this.#bytes.length > 0) this.send(this.#queue.writer);
  }

  /** Writes one frame. */
  send(writer: FrameWriter): void {
    const bytes = this.#bytes.take(Math.min(this.credit, MAX_PAYLOAD));
    this.credit -= bytes.length;
    const last = this.#bytes.length === 0 && this.#ended;
    writer.data(FrameType.DATA, last ? Flag.END : Flag.NONE, this.id, bytes, 0, bytes.length);
    if (last) this.#finish();
    else if (this.#paused && this.#bytes.length < HIGH_WATER / 2) {
      this.#paused = false;
      this.#owner.onSendDrain();
    }
  }

  #finish(): void {
    this.#finished = true;
    this.#owner.onSent();
  }
}

export interface SendOwner {
  /** Called when the queue is below its low-water mark after `write` returned false. */
  onSendDrain(): void;
  /** Called when the frame with END is written. */
  onSent(): void;
}

/** The streams that have data and credit. They take turns, one frame each. */
export class SendQueue {
  readonly writer: FrameWriter;
  /** Called when there are frames to flush. */
  readonly written: () => void;
  readonly #congested: () => boolean;
  readonly #ring = new Fifo<SendStream>();

  constructor(writer: FrameWriter, written: () => void, congested: () => boolean) {
    this.writer = writer;
    this.written = written;
    this.#congested = congested;
  }

  /** True if no stream waits, so a write need not go through the ring. */
  get idle(): boolean {
    return this.#ring.size === 0 && !this.#congested();
  }

  get waiting(): boolean {
    return this.#ring.size > 0;
  }

  ready(stream: SendStream): void {
    if (stream.inRing || !stream.sendable) return;
    stream.inRing = true;
    this.#ring.push(stream);
    this.written();
  }

  /** Writes frames in turn until no stream waits or the connection is full. */
  pump(): void {
    while (this.#ring.size > 0 && !this.#congested()) {
      const stream = this.#ring.shift() as SendStream;
      stream.inRing = false;
      if (!stream.sendable) continue;
      stream.send(this.writer);
      if (stream.sendable && !stream.inRing) {
        stream.inRing = true;
        this.#ring.push(stream);
      }
    }
  }

  clear(): void {
    this.#ring.clear();
  }
}
