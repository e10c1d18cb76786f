import { ByteQueue } from './byte-queue.js';

/** Largest text that may arrive in several frames (an error, a snapshot). */
const MAX_BYTES = 64 * 1024 * 1024;

/** Joins the frames of one text. Between them there is no frame of another text. */
export class TextJoiner {
  readonly #parts = new ByteQueue();
  /** Type and stream of the text that is not complete yet; `''` if there is none. */
  #of = '';

  /**
   * Returns the text, or null if more of it must come.
   * @throws RangeError if the text is too large, or if a frame of another text comes between
   */
  add(type: number, stream: number, bytes: Buffer, from: number, to: number, more: boolean): string | null {
    if (!more && this.#of === '') return bytes.toString(undefined, from, to);
    const of = `${type} ${stream}`;
    if (this.#of !== '' && this.#of !== of) throw new RangeError('a text in the middle of another one');
    if (this.#parts.length + to - from > MAX_BYTES) throw new RangeError(`a message of over ${MAX_BYTES} bytes`);
    this.#of = of;
    this.#parts.push(bytes.subarray(from, to), true);
    if (more) return null;
    this.#of = '';
    const whole = this.#parts.takeAll();
    return Buffer.from(whole.buffer, whole.byteOffset, whole.length).toString();
  }
}
