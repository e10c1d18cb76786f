import { Fifo } from '../core/index.js';

/**
 * A piece with fewer bytes than this is copied behind the pieces before it. So memory and work depend on the number of bytes, and not on the number
 * of pieces.
 */
export const SMALL_BYTES = 4 * 1024;
const FIRST_TAIL_BYTES = 256;
const LAST_TAIL_BYTES = 64 * 1024;
const NO_BYTES = Buffer.alloc(0);

/** A queue of bytes that arrive in pieces and are taken in order. Small pieces are joined. */
export class ByteQueue {
  readonly #whole = new Fifo<Uint8Array>();
  /** Number of bytes of the first whole piece that are taken already. */
  #taken = 0;
  /** Buffer in which small pieces are joined; its bytes `[from, to)` come after all whole pieces. Bytes that were handed out are not overwritten. */
  #tail: Buffer = NO_BYTES;
  #from = 0;
  #to = 0;
  /** Number of bytes in the queue. */
  length = 0;

  /** @param own if true, the bytes will not change, so they need not be copied */
  push(piece: Uint8Array, own = false): void {
    if (piece.length === 0) return;
    this.length += piece.length;
    if (piece.length < SMALL_BYTES) {
      this.#append(piece);
      return;
    }
    this.#closeTail();
    this.#whole.push(own ? piece : Uint8Array.prototype.slice.call(piece));
  }

  /** Takes the first bytes, at most `max`, as far as they are contiguous in memory. If the queue is empty, the result has length 0. */
  take(max: number): Uint8Array {
    const first = this.#whole.first;
    if (first === undefined) {
      const end = Math.min(this.#to, this.#from + max);
      const taken = this.#tail.subarray(this.#from, end);
      this.#from = end;
      this.length -= taken.length;
      if (this.#from === this.#to) this.#dropTail();
      return taken;
    }
    const taken = first.subarray(this.#taken, this.#taken + max);
    this.#taken += taken.length;
    this.length -= taken.length;
    if (this.#taken === first.length) {
      this.#whole.shift();
      this.#taken = 0;
    }
    return taken;
  }

  /** Takes all bytes as one piece. */
  takeAll(): Uint8Array {
    const pieces = this.pieces();
    this.clear();
    return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
  }

  /** All pieces in order. They stay in the queue. */
  pieces(): Uint8Array[] {
    const pieces = [...this.#whole];
    if (this.#taken > 0) pieces[0] = (pieces[0] as Uint8Array).subarray(this.#taken);
    if (this.#to > this.#from) pieces.push(this.#tail.subarray(this.#from, this.#to));
    return pieces;
  }

  clear(): void {
    this.#whole.clear();
    this.#taken = 0;
    this.length = 0;
    this.#dropTail();
  }

  #append(piece: Uint8Array): void {
    if (this.#to + piece.length > this.#tail.length) this.#makeRoom(piece.length);
    this.#tail.set(piece, this.#to);
    this.#to += piece.length;
  }

  #makeRoom(bytes: number): void {
    const kept = this.#to - this.#from;
    if (kept + bytes > LAST_TAIL_BYTES) {
      this.#closeTail();
      this.#tail = Buffer.allocUnsafe(LAST_TAIL_BYTES);
      return;
    }
    const larger = Buffer.allocUnsafe(Math.min(LAST_TAIL_BYTES, Math.max(FIRST_TAIL_BYTES, 2 * (kept + bytes))));
    larger.set(this.#tail.subarray(this.#from, this.#to));
    this.#tail = larger;
    this.#from = 0;
    this.#to = kept;
  }

  #closeTail(): void {
    if (this.#to > this.#from) this.#whole.push(this.#tail.subarray(this.#from, this.#to));
    this.#dropTail();
  }

  #dropTail(): void {
    this.#tail = NO_BYTES;
    this.#from = 0;
    this.#to = 0;
  }
}
