import { deferred } from '../core/index.js';

/** Why an answer ended: the model ended it or a stop text came; or it has as many tokens as it may have. */
export type FinishReason = 'stop' | 'length';

export interface GenerationResult {
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly promptTokens: number;
  /** Tokens of the answer, the one that ended it included. */
  readonly completionTokens: number;
}

/**
 * An answer while it is generated. Iterate it to get the text piece by piece, each of which consists of whole characters, or await {@link result}.
 * Generation begins with the first of these. If the iteration is left early, generation ends.
 */
export class Generation implements AsyncIterable<string> {
  #pieces: string[] = [];
  #text = '';
  #wake: (() => void) | undefined;
  #begin: (() => void) | undefined;
  #cancel: () => void;
  readonly #end = deferred<GenerationResult>();
  #isEnded = false;
  /** True if its iteration was left. */
  #isLeft = false;

  /** @internal */
  constructor(
    readonly promptTokens: number,
    begin: () => void,
    cancel: () => void,
  ) {
    this.#begin = begin;
    this.#cancel = cancel;
    // Somebody who iterates gets the failure there.
    this.#end.promise.catch(() => {});
  }

  /** The whole answer, and how it ended. @throws what ended it early, such as the reason of the signal */
  result(): Promise<GenerationResult> {
    this.#start();
    return this.#end.promise;
  }

  [Symbol.asyncIterator](): AsyncGenerator<string, GenerationResult> {
    const pieces = this.#read();
    const leave = pieces.return.bind(pieces);
    // A generator ends only after the piece for which it waits. That of a prompt that waits for its turn may never come.
    pieces.return = (value) => {
      this.#isLeft = true;
      if (!this.#isEnded) this.#cancel();
      this.#wake?.();
      return leave(value);
    };
    return pieces;
  }

  async *#read(): AsyncGenerator<string, GenerationResult> {
    this.#start();
    try {
      for (;;) {
        const pieces = this.#pieces;
        this.#pieces = [];
        yield* pieces;
        // Nobody reads what this returns.
        if (this.#isLeft) return undefined as never;
        if (this.#isEnded && this.#pieces.length === 0) return await this.#end.promise;
        if (this.#pieces.length > 0) continue;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      if (!this.#isEnded) this.#cancel();
    }
  }

  #start(): void {
    const begin = this.#begin;
    this.#begin = undefined;
    begin?.();
  }

  /** @internal */
  give(text: string): void {
    if (text === '') return;
    this.#text += text;
    this.#pieces.push(text);
    this.#wake?.();
  }

  /** @internal */
  finish(finishReason: FinishReason, completionTokens: number): void {
    this.#isEnded = true;
    this.#end.resolve({ text: this.#text, finishReason, promptTokens: this.promptTokens, completionTokens });
    this.#wake?.();
  }

  /** @internal */
  fail(error: unknown): void {
    this.#isEnded = true;
    this.#end.reject(error);
    this.#wake?.();
  }
}
