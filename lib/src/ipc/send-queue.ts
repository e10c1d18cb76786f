import { Flag, FrameType, MAX_PAYLOAD, WINDOW_BYTES } from './frame.js';
import type { FrameWriter } from './frame-writer.js';

/** `write` asks for a pause above this many queued bytes. */
const HIGH_WATER = 64 * 1024;

/** One direction of one stream: body bytes that wait for credit or for their turn. */
export class SendStream {
  readonly id: number;
  credit: number;
  readonly #queue: SendQueue;
  readonly #owner: SendOwner;
  #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that are sent. */
  #sent = 0;
  #queued = 0;
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
    return !this.#finished && ((this.#queued > 0 && this.credit > 0) || (this.#queued === 0 && this.#ended));
  }

  /** @param own the bytes stay unchanged, so they need not be copied */
  write(chunk: Uint8Array, own = false): boolean {
    if (this.#ended || this.#finished || chunk.length === 0) return !this.#paused;
    if (this.#queued === 0 && chunk.length <= this.credit && chunk.length <= MAX_PAYLOAD && this.#queue.idle) {
      this.#queue.writer.data(FrameType.DATA, Flag.NONE, this.id, chunk, 0, chunk.length);
      this.credit -= chunk.length;
      this.#queue.written();
      return true;
    }
    this.#chunks.push(own ? chunk : Uint8Array.prototype.slice.call(chunk));
    this.#queued += chunk.length;
    this.#queue.ready(this);
    this.#paused = this.#queued >= HIGH_WATER;
    return !this.#paused;
  }

  end(): void {
    if (this.#ended || this.#finished) return;
    this.#ended = true;
    this.#queue.ready(this);
  }

  grant(bytes: number): void {
    this.credit += bytes;
    this.#queue.ready(this);
  }

  /** Drops what is queued; nothing more goes out. */
  abandon(): void {
    this.#finished = true;
    this.#chunks = [];
    this.#queued = 0;
  }

  /** Writes one frame. */
  send(writer: FrameWriter): void {
    const chunk = this.#chunks[0];
    if (chunk === undefined) {
      writer.data(FrameType.DATA, Flag.END, this.id, EMPTY, 0, 0);
      this.#finish();
      return;
    }
    const length = Math.min(chunk.length - this.#sent, this.credit, MAX_PAYLOAD);
    this.credit -= length;
    this.#queued -= length;
    const last = this.#queued === 0 && this.#ended;
    writer.data(FrameType.DATA, last ? Flag.END : Flag.NONE, this.id, chunk, this.#sent, this.#sent + length);
    this.#sent += length;
    if (this.#sent === chunk.length) {
      this.#chunks.shift();
      this.#sent = 0;
    }
    if (last) this.#finish();
    else if (this.#paused && this.#queued < HIGH_WATER / 2) {
      this.#paused = false;
      this.#owner.onSendDrain();
    }
  }

  #finish(): void {
    this.#finished = true;
    this.#owner.onSent();
  }
}

const EMPTY = new Uint8Array(0);

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
  #ring: SendStream[] = [];

  constructor(writer: FrameWriter, written: () => void, congested: () => boolean) {
    this.writer = writer;
    this.written = written;
    this.#congested = congested;
  }

  /** A write may pass the ring by: nobody waits. */
  get idle(): boolean {
    return this.#ring.length === 0 && !this.#congested();
  }

  get waiting(): boolean {
    return this.#ring.length > 0;
  }

  ready(stream: SendStream): void {
    if (stream.inRing || !stream.sendable) return;
    stream.inRing = true;
    this.#ring.push(stream);
    this.written();
  }

  /** Writes frames in turn until nobody waits or the connection is full. */
  pump(): void {
    while (this.#ring.length > 0 && !this.#congested()) {
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
    this.#ring = [];
  }
}
