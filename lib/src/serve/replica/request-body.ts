import type { IncomingCall } from '../../ipc/index.js';

/** If more bytes than this wait for the reader, the sender gets no new credit. */
const HIGH_WATER_BYTES = 128 * 1024;

/** The streamed body of a call as a web stream. If the reader is slow, the sender must wait. */
export class RequestBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #call: IncomingCall;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #owed = 0;
  #ended = false;

  constructor(call: IncomingCall) {
    this.#call = call;
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#grant(),
        cancel: () => {
          this.#ended = true;
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER_BYTES }),
    );
    call.onBody = {
      onData: (chunk) => this.#push(chunk),
      onEnd: () => this.#close(null),
      onError: (error) => this.#close(error),
    };
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
    // This is a copy, because user code may transfer the buffer, which also contains other messages.
    this.#controller.enqueue(new Uint8Array(chunk));
    if ((this.#controller.desiredSize ?? 0) > 0) this.#grant();
  }

  #grant(): void {
    if (this.#owed === 0) return;
    this.#call.consumed(this.#owed);
    this.#owed = 0;
  }

  #close(error: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    if (error === null) this.#controller.close();
    else this.#controller.error(error);
  }
}
