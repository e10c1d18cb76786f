import { ByteQueue } from './byte-queue.js';
import type { OutgoingCall, ResponseSink } from './channel.js';
import { Cancelled } from './errors.js';
import type { ResponseHead } from './messages.js';
import { decodeValue } from './values.js';

/** Collects a `value` answer and settles a promise with it. */
export class UnarySink implements ResponseSink {
  call: OutgoingCall | null = null;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: Error) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #what: string;
  readonly #body = new ByteQueue();

  constructor(what: string, signal: AbortSignal | undefined, resolve: (value: unknown) => void, reject: (error: Error) => void) {
    this.#what = what;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    signal?.addEventListener('abort', this.#abort);
  }

  onHead(_head: ResponseHead): void {}

  onData(chunk: Uint8Array): void {
    this.#body.push(chunk, true);
    this.call?.consumed(chunk.length);
  }

  onEnd(): void {
    this.#release();
    try {
      this.#resolve(this.#body.length === 0 ? undefined : decodeValue(this.#body.takeAll()));
    } catch (error) {
      this.#reject(error as Error);
    }
  }

  onError(error: Error): void {
    this.#release();
    this.#reject(error);
  }

  #abort = (): void => {
    this.call?.cancel('aborted');
    this.onError(abortError(this.#what, this.#signal?.reason));
  };

  #release(): void {
    this.#signal?.removeEventListener('abort', this.#abort);
  }
}

/** NBS_CANCELLED with the name that the web platform uses for aborts. */
export function abortError(what: string, cause: unknown): Error {
  const error = Cancelled({ what, reason: 'its signal was aborted' }, cause);
  error.name = 'AbortError';
  return error;
}
