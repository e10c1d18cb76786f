import { Fifo } from '../core/index.js';
import { ByteQueue, SMALL_BYTES } from './byte-queue.js';
import { Flag, FrameType, MAX_PAYLOAD, WINDOW_BYTES } from './frame.js';
import type { FrameWriter } from './frame-writer.js';

/** `write` asks for a pause above this many queued bytes. */
const HIGH_WATER = 64 * 1024;
/** As in HTTP/2 (RFC 9113, section 6.9.1). */
const MAX_CREDIT = 2 ** 31 - 1;

/** One direction of one stream: body bytes that wait for credit or for their turn. */
export class SendStream {
  readonly id: number;
  credit: number;
  readonly #queue: SendQueue;
  readonly #owner: SendOwner;
  readonly #bytes = new ByteQueue();
  #ended = false;
  #finished = false;
  #paused = false;
  /** Whether it stands in the queue's ring. */
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
   * Small pieces wait for the end of the turn, where they leave as one frame.
   * @param own the bytes stay unchanged, so they need not be copied
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

  /** False: the peer grants what nobody can mean. */
  grant(bytes: number): boolean {
    this.credit += bytes;
    if (this.credit > MAX_CREDIT) return false;
    this.#queue.ready(this);
    return true;
  }

  /** Drops what is queued; nothing more goes out. */
  abandon(): void {
    this.#finished = true;
    this.#bytes.clear();
  }

  /** Writes what may leave now, before something that ends the stream otherwise. */
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
  /** Below the low-water mark again after `write` returned false. */
  onSendDrain(): void;
  /** END is written. */
  onSent(): void;
}

/** Streams with data and credit, served in turn, one frame each. */
export class SendQueue {
  readonly writer: FrameWriter;
  /** There is something to flush. */
  readonly written: () => void;
  readonly #congested: () => boolean;
  readonly #ring = new Fifo<SendStream>();

  constructor(writer: FrameWriter, written: () => void, congested: () => boolean) {
    this.writer = writer;
    this.written = written;
    this.#congested = congested;
  }

  /** A write may pass the ring by: nobody waits. */
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

  /** Writes frames in turn until nobody waits or the connection is full. */
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
