import { ByteQueue } from './byte-queue.js';
import { AnswerTooLarge } from './errors.js';
import { MAX_VALUE_BYTES } from './read-body.js';
import { decodeValue } from './values.js';

/** The one value of an answer, which may arrive in pieces. */
export class AnswerBody {
  readonly #bytes = new ByteQueue();
  readonly #what: string;
  readonly #maxBytes: number;

  /** @param what was called */
  constructor(what: string, maxBytes = MAX_VALUE_BYTES) {
    this.#what = what;
    this.#maxBytes = maxBytes;
  }

  /** Takes a piece; NBS_ANSWER_TOO_LARGE if it is one too many, and the pieces before it are dropped. */
  push(chunk: Uint8Array): Error | null {
    if (this.#bytes.length + chunk.length > this.#maxBytes) {
      this.#bytes.takeAll();
      return AnswerTooLarge({ what: this.#what, max: this.#maxBytes });
    }
    this.#bytes.push(chunk, true);
    return null;
  }

  /** All bytes, as `encodeValue` made them; none are `undefined`. */
  take(): Uint8Array {
    return this.#bytes.takeAll();
  }

  /** No bytes are `undefined`: a method that returns nothing. @throws NBS_INVALID_VALUE */
  value(): unknown {
    return this.#bytes.length === 0 ? undefined : decodeValue(this.#bytes.takeAll());
  }
}
