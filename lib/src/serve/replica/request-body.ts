import { requestTooLarge } from '../../core/index.js';
import { ByteQueue, type IncomingCall } from '../../ipc/index.js';

/** If more bytes than this wait for the reader, the sender gets no new credit. */
const HIGH_WATER_BYTES = 128 * 1024;

/** The streamed body of a call as a web stream. If the reader is slow, the sender must wait. */
export class RequestBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #call: IncomingCall;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  /** What has arrived and no reader has asked for. Small pieces are joined, because each piece of a web stream costs far more than its bytes. */
  readonly #held = new ByteQueue();
  #owed = 0;
  /** How many bytes have arrived, and how many may. */
  #arrived = 0;
  #maxBytes = Number.POSITIVE_INFINITY;
  /** True if a reader waits. */
  #isWanted = false;
  /** True if all of the body has arrived. */
  #isWhole = false;
  #ended = false;

  constructor(call: IncomingCall) {
    this.#call = call;
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          this.#isWanted = true;
          this.#give();
        },
        cancel: () => {
          this.#ended = true;
          this.#drop();
        },
      },
      // The stream itself holds nothing back.
      { highWaterMark: 0 },
    );
    call.onBody = {
      onData: (chunk) => this.#push(chunk),
      onEnd: () => {
        this.#isWhole = true;
        if (this.#held.length === 0) this.#close(null);
      },
      onError: (error) => this.#close(error),
    };
  }

  /** Lets at most so many bytes arrive. If there are more, reading fails with NBS_REQUEST_TOO_LARGE, and the rest is dropped. */
  limit(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    if (this.#arrived > maxBytes) this.#close(requestTooLarge(maxBytes));
  }

  /** To be called when the answer is complete: the rest of the body will not arrive. */
  stop(): void {
    this.#close(new Error('the request was answered before its body was read'));
  }

  #push(chunk: Uint8Array): void {
    if (this.#ended) {
      this.#call.consumed(chunk.length);
      return;
    }
    this.#owed += chunk.length;
    this.#arrived += chunk.length;
    if (this.#arrived > this.#maxBytes) {
      this.#close(requestTooLarge(this.#maxBytes));
      return;
    }
    // Both copy, because user code may transfer the buffer, which also contains other messages.
    if (this.#isWanted && this.#held.length === 0 && chunk.length > 0) {
      this.#isWanted = false;
      this.#controller.enqueue(new Uint8Array(chunk));
      this.#grant();
      return;
    }
    this.#held.push(chunk);
    if (this.#isWanted) this.#give();
    else if (this.#held.length < HIGH_WATER_BYTES) this.#grant();
  }

  /** Gives the reader what it waits for, if that is there. */
  #give(): void {
    if (this.#ended) return;
    if (this.#held.length > 0) {
      this.#isWanted = false;
      this.#controller.enqueue(this.#taken());
    }
    this.#grant();
    if (this.#isWhole && this.#held.length === 0) this.#close(null);
  }

  /** All that is held, as bytes that share their buffer with nothing else. */
  #taken(): Uint8Array<ArrayBuffer> {
    const pieces = this.#held.pieces();
    const bytes = new Uint8Array(this.#held.length);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    this.#held.clear();
    return bytes;
  }

  #drop(): void {
    this.#held.clear();
    this.#grant();
  }

  #grant(): void {
    if (this.#owed === 0) return;
    this.#call.consumed(this.#owed);
    this.#owed = 0;
  }

  #close(error: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#drop();
    if (error === null) this.#controller.close();
    else this.#controller.error(error);
  }
}
