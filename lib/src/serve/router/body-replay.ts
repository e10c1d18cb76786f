import { ByteQueue } from '../../ipc/index.js';

/** A body of at most this many bytes is kept until it cannot be needed any more. */
export const REPLAY_LIMIT_BYTES = 1024 * 1024;
/** While no replica has begun the request, the sender may send at most this much. So everything that was sent can be sent again. */
const UNBEGUN_LIMIT_BYTES = 256 * 1024;

/** The pieces of a streamed body that were written so far. They are sent again if the first replica dies. */
export class BodyReplay {
  #bytes: ByteQueue | null = new ByteQueue();
  #length = 0;
  ended = false;

  /** If it returns false, the sender must wait until a replica begins the request. */
  add(chunk: Uint8Array): boolean {
    this.#bytes?.push(chunk, true);
    this.#length += chunk.length;
    return this.#length < UNBEGUN_LIMIT_BYTES;
  }

  /**
   * To be called when a replica has begun the request. From then on, the body is kept only if it is below the limit and the request may run again.
   */
  begun(mayRunAgain: boolean): void {
    if (!mayRunAgain || this.#length > REPLAY_LIMIT_BYTES) this.drop();
  }

  /** To be called when the answer has begun: from then on, no other replica gets the request. */
  drop(): void {
    this.#bytes = null;
  }

  /** True if no piece was dropped. */
  get isWhole(): boolean {
    return this.#bytes !== null;
  }

  /** The pieces, or `null` if some were dropped. */
  get chunks(): readonly Uint8Array[] | null {
    return this.#bytes === null ? null : this.#bytes.pieces();
  }
}
