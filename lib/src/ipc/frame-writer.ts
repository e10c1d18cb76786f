import { Flag, FrameType, HEADER_BYTES, MAX_HEAD, MAX_PAYLOAD } from './frame.js';

const SLAB_BYTES = 256 * 1024;

/**
 * Writes frames one after another into a large buffer (slab), so that one system call sends all frames of a tick.
 * Body bytes are copied, so the caller may reuse its buffer.
 */
export class FrameWriter {
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #start = 0;
  #at = 0;
  #full: Buffer[] = [];
  #fullBytes = 0;

  /** Bytes that wait to be taken. */
  get pending(): number {
    return this.#fullBytes + this.#at - this.#start;
  }

  /**
   * Writes a frame with a head and as much of `body` as fits.
   * @param end whether the body ends with `body`; the frame has the flag END only if all of it fits
   * @param limit largest number of bytes of the body to write
   * @returns the number of body bytes that were written, or -1 if the head is longer than MAX_HEAD; then nothing is written
   */
  head(type: number, stream: number, head: string, body: Uint8Array | null, end: boolean, limit: number): number {
    this.#reserve(HEADER_BYTES + MAX_PAYLOAD, HEADER_BYTES + head.length * 3 + (body === null ? 0 : body.length));
    const at = this.#at;
    // write() cuts a head that does not fit into the buffer, so such a head counts as too long.
    const headBytes = head.length > MAX_HEAD ? -1 : this.#slab.write(head, at + HEADER_BYTES, MAX_HEAD + 1);
    if (headBytes < 0 || headBytes > MAX_HEAD || (headBytes > MAX_HEAD - 3 && Buffer.byteLength(head) > headBytes)) return -1;
    const total = body === null ? 0 : body.length;
    const taken = Math.min(total, MAX_PAYLOAD - headBytes, limit);
    if (taken > 0)
      this.#slab.set(
        taken === total ? (body as Uint8Array) : (body as Uint8Array).subarray(0, taken),
        at + HEADER_BYTES + headBytes,
      );
    this.#header(type, end && taken === total ? Flag.END : Flag.NONE, stream, headBytes, headBytes + taken);
    return taken;
  }

  /** Writes a frame that has only body bytes: `[from, to)` of `body`, at most MAX_PAYLOAD. */
  data(type: number, flags: number, stream: number, body: Uint8Array, from: number, to: number): void {
    const length = to - from;
    this.#reserve(HEADER_BYTES + length, HEADER_BYTES + length);
    if (length > 0) this.#slab.set(length === body.length ? body : body.subarray(from, to), this.#at + HEADER_BYTES);
    this.#header(type, flags, stream, 0, length);
  }

  /** Writes a frame that has only a header. */
  bare(type: number, stream: number): void {
    this.#reserve(HEADER_BYTES, HEADER_BYTES);
    this.#header(type, Flag.NONE, stream, 0, 0);
  }

  window(stream: number, bytes: number): void {
    this.#reserve(HEADER_BYTES + 4, HEADER_BYTES + 4);
    this.#slab.writeUInt32LE(bytes, this.#at + HEADER_BYTES);
    this.#header(FrameType.WINDOW, Flag.NONE, stream, 0, 4);
  }

  /** Writes a text as one or more frames. */
  text(type: number, stream: number, text: string): void {
    if (text.length * 3 <= MAX_HEAD) {
      this.head(type, stream, text, null, false, 0);
      return;
    }
    const bytes = Buffer.from(text);
    for (let from = 0; from < bytes.length; from += MAX_PAYLOAD) {
      const to = Math.min(bytes.length, from + MAX_PAYLOAD);
      this.data(type, to < bytes.length ? Flag.MORE : Flag.NONE, stream, bytes, from, to);
    }
  }

  /** Everything that was written since the last call, in order. Later frames are written behind it in the same slab. */
  take(): Buffer[] {
    const taken = this.#full;
    if (this.#at > this.#start) taken.push(this.#slab.subarray(this.#start, this.#at));
    this.#start = this.#at;
    this.#full = [];
    this.#fullBytes = 0;
    return taken;
  }

  /** To be called when the operating system has everything that was taken. Then the slab is filled from its beginning again. */
  recycle(): void {
    if (this.#start === this.#at) this.#start = this.#at = 0;
  }

  #reserve(most: number, wanted: number): void {
    if (this.#at + Math.min(most, wanted) <= SLAB_BYTES) return;
    if (this.#at > this.#start) {
      this.#full.push(this.#slab.subarray(this.#start, this.#at));
      this.#fullBytes += this.#at - this.#start;
    }
    this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.#start = this.#at = 0;
  }

  #header(type: number, flags: number, stream: number, head: number, payload: number): void {
    const slab = this.#slab;
    const at = this.#at;
    slab[at] = payload;
    slab[at + 1] = payload >>> 8;
    slab[at + 2] = payload >>> 16;
    slab[at + 3] = 0;
    slab[at + 4] = type;
    slab[at + 5] = flags;
    slab[at + 6] = head;
    slab[at + 7] = head >>> 8;
    slab[at + 8] = stream;
    slab[at + 9] = stream >>> 8;
    slab[at + 10] = stream >>> 16;
    slab[at + 11] = stream >>> 24;
    this.#at = at + HEADER_BYTES + payload;
  }
}
