import { ByteQueue } from './byte-queue.js';

/** A text of several frames (an error, a snapshot) may grow to this. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Joins the frames of one text. They follow each other without a frame of another text between them. */
export class TextJoiner {
  readonly #parts = new ByteQueue();
  /** Type and stream of the text that is not complete. */
  #of = '';

  /**
   * The text, or null while more is to come.
   * @throws RangeError where it grows too large, or a frame of another text comes between
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
