import { type Deferred, deferred, Fifo } from 'nbserve/basics';
import type { Frame } from './encoder.js';
import { logToStderr } from './refusals.js';

/** The members of a zeromq.js socket that are needed. */
interface Sink {
  readonly closed: boolean;
  send(frames: Frame[]): Promise<void>;
  close(): void;
}

/**
 * Sends messages in order and loses none. zeromq.js accepts 512 messages in one turn of the event loop. The next send stays pending, and as long as it
 * does, further sends throw EBUSY.
 */
export class Sender {
  readonly #sink: Sink;
  readonly #queue = new Fifo<Frame[]>();
  #pending = 0;
  #drained: Deferred<void> | undefined;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  send(frames: Frame[]): void {
    this.#queue.push(frames);
    this.#flush();
  }

  #flush(): void {
    for (let frames = this.#queue.first; frames && !this.#sink.closed; frames = this.#queue.first) {
      let sending: Promise<void>;
      try {
        sending = this.#sink.send(frames);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EBUSY') return;
        sending = Promise.reject(error as Error);
      }
      this.#queue.shift();
      this.#pending += 1;
      sending
        .catch((error: unknown) => {
          if (!this.#sink.closed) logToStderr(`a message could not be sent: ${String(error)}`);
        })
        .finally(() => {
          this.#pending -= 1;
          this.#flush();
          if (this.#isDrained) this.#drained?.resolve();
        });
    }
  }

  get #isDrained(): boolean {
    return this.#pending === 0 && this.#queue.size === 0;
  }

  /** Closes the socket when all messages were passed to ZeroMQ. */
  async close(): Promise<void> {
    if (!this.#isDrained) {
      this.#drained = deferred();
      await this.#drained.promise;
    }
    this.#sink.close();
  }
}
