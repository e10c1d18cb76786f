import { Fifo } from '../../core/index.js';
import { FrameSplitter } from '../../grpc/index.js';
import type { IncomingCall } from '../../ipc/index.js';

/** Number of messages that may wait for the reader before the client must wait. The channel's window limits their bytes. */
const MAX_WAITING = 16;

/** The messages of a client that streams, decoded when user code takes them. If that is slow, the client must wait. */
export class RequestMessages implements AsyncIterable<unknown>, AsyncIterator<unknown> {
  readonly #call: IncomingCall;
  readonly #decode: (message: Buffer) => unknown;
  readonly #waiting = new Fifo<Buffer>();
  #owed = 0;
  /** User code wants no more. */
  #left = false;
  #ended = false;
  #error: Error | null = null;
  #wake: (() => void) | null = null;

  /** @param maxBytes limit of one message */
  constructor(call: IncomingCall, decode: (message: Buffer) => unknown, maxBytes: number) {
    this.#call = call;
    this.#decode = decode;
    const frames = new FrameSplitter({ onMessage: (message) => this.#waiting.push(message), onTrailers: () => {} }, maxBytes);
    if (call.streaming) {
      call.onBody = {
        onData: (chunk) => {
          frames.feed(chunk);
          this.#owed += chunk.length;
          this.#pay();
          this.#signal();
        },
        onEnd: () => this.#finish(null),
        onError: (error) => this.#finish(error),
      };
    } else {
      if (call.body !== null) frames.feed(call.body);
      this.#ended = true;
    }
  }

  async next(): Promise<IteratorResult<unknown>> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) {
        this.#pay();
        return { done: false, value: this.#decode(message) };
      }
      if (this.#error !== null) throw this.#error;
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** User code wants no more messages. What comes is discarded, so that the client is not stopped by it. */
  async return(): Promise<IteratorResult<unknown>> {
    this.#left = true;
    this.#ended = true;
    this.#pay();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(error: Error | null): void {
    this.#error = error;
    this.#ended = true;
    this.#signal();
  }

  #pay(): void {
    if (this.#left) this.#waiting.clear();
    if (this.#owed === 0 || this.#waiting.size >= MAX_WAITING) return;
    this.#call.consumed(this.#owed);
    this.#owed = 0;
  }

  #signal(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
