import { ByteQueue } from '../../ipc/index.js';

/** Pieces are joined up to this size, because each write of an answer costs a chunk of HTTP and system calls. */
export const JOIN_BYTES = 16 * 1024;

/** The pieces of an answer that arrived in the current tick; more may follow in it. A single piece is not copied. */
export class HeldPieces {
  #first: Uint8Array | null = null;
  #more: ByteQueue | null = null;

  get isEmpty(): boolean {
    return this.#first === null;
  }

  /** Returns false if the total would be too large. */
  add(piece: Uint8Array): boolean {
    if (this.#first === null) {
      this.#first = piece;
      return true;
    }
    this.#more ??= new ByteQueue();
    if (this.#first.length + this.#more.length + piece.length > JOIN_BYTES) return false;
    this.#more.push(piece, true);
    return true;
  }

  /** Takes all pieces; `null` if there are none. */
  take(): Uint8Array | null {
    const first = this.#first;
    const more = this.#more;
    this.#first = null;
    this.#more = null;
    return first === null || more === null ? first : Buffer.concat([first, more.takeAll()]);
  }
}
