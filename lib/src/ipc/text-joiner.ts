/** A text of several frames (an error, a snapshot) may grow to this. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Joins the frames of one text. They follow each other without a frame of another text between them. */
export class TextJoiner {
  #parts: Buffer[] = [];
  #bytes = 0;

  /** The text, or null while more is to come. @throws RangeError where it grows too large */
  add(bytes: Buffer, from: number, to: number, more: boolean): string | null {
    if (!more && this.#parts.length === 0) return bytes.toString(undefined, from, to);
    this.#bytes += to - from;
    if (this.#bytes > MAX_BYTES) throw new RangeError(`a message of over ${MAX_BYTES} bytes`);
    this.#parts.push(bytes.subarray(from, to));
    if (more) return null;
    const text = Buffer.concat(this.#parts).toString();
    this.#parts = [];
    this.#bytes = 0;
    return text;
  }
}
