import { ByteQueue } from '../../ipc/index.js';

/** Up to here pieces are joined: each write of an answer costs a chunk of HTTP, and calls of the system. */
export const JOIN_BYTES = 16 * 1024;

/** Pieces of an answer that came in one tick: it is not known yet whether more come in it. One alone is not copied. */
export class HeldPieces {
  #first: Uint8Array | null = null;
  #more: ByteQueue | null = null;

  get isEmpty(): boolean {
    return this.#first === null;
  }

  /** False: it would become too much. */
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

  /** All of them; `null` for none. */
  take(): Uint8Array | null {
    const first = this.#first;
    const more = this.#more;
    this.#first = null;
    this.#more = null;
    return first === null || more === null ? first : Buffer.concat([first, more.takeAll()]);
  }
}
