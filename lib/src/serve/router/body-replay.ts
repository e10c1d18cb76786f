import { ByteQueue } from '../../ipc/index.js';

/** A body of at most this many bytes is kept until it cannot be needed again. */
export const REPLAY_LIMIT_BYTES = 1024 * 1024;
/** A sender is held up here while no replica has begun its request, so that what has left can always be sent again. */
const UNBEGUN_LIMIT_BYTES = 256 * 1024;

/** The pieces of a streamed body that were written so far, to be sent again where the first replica goes away. */
export class BodyReplay {
  #bytes: ByteQueue | null = new ByteQueue();
  #length = 0;
  ended = false;

  /** False: the sender is to wait until a replica begins. */
  add(chunk: Uint8Array): boolean {
    this.#bytes?.push(chunk, true);
    this.#length += chunk.length;
    return this.#length < UNBEGUN_LIMIT_BYTES;
  }

  /** A replica has begun: only a body below the limit is kept, and only where the request may be run again. */
  begun(mayRunAgain: boolean): void {
    if (!mayRunAgain || this.#length > REPLAY_LIMIT_BYTES) this.#bytes = null;
  }

  /** All of it is there. */
  get isWhole(): boolean {
    return this.#bytes !== null;
  }

  /** `null` where part of it is gone. */
  get chunks(): readonly Uint8Array[] | null {
    return this.#bytes === null ? null : this.#bytes.pieces();
  }
}
