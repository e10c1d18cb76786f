import { AnswerBody } from './answer-body.js';
import type { OutgoingCall, ResponseSink } from './channel.js';
import { Cancelled } from './errors.js';
import type { ResponseHead } from './messages.js';

/** Collects a `value` answer and settles a promise with it. */
export class UnarySink implements ResponseSink {
  call: OutgoingCall | null = null;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: Error) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #what: string;
  readonly #body: AnswerBody;

  constructor(
    what: string,
    signal: AbortSignal | undefined,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
    maxBytes?: number,
  ) {
    this.#body = new AnswerBody(what, maxBytes);
    this.#what = what;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    signal?.addEventListener('abort', this.#abort);
  }

  onHead(_head: ResponseHead): void {}

  onData(chunk: Uint8Array): void {
    const fault = this.#body.push(chunk);
    if (fault === null) this.call?.consumed(chunk.length);
    else {
      this.call?.cancel('the answer is too large');
      this.onError(fault);
    }
  }

  onEnd(): void {
    this.#release();
    try {
      this.#resolve(this.#body.value());
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
