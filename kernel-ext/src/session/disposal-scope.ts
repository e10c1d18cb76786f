import { suppressedError } from './disposal-globals.js';

interface Entry {
  readonly value: object;
  readonly dispose: (this: unknown) => unknown;
}

/** What a block's `using` declarations hold. */
export class DisposalScope {
  readonly #entries: Entry[] = [];
  #error: { readonly thrown: unknown } | undefined;

  use<T>(value: T): T {
    return this.#add(value, [Symbol.dispose]);
  }

  useAsync<T>(value: T): T {
    return this.#add(value, [Symbol.asyncDispose, Symbol.dispose]);
  }

  /** Takes the block's own error, which disposal may wrap. @returns the error to throw */
  failed(error: unknown): unknown {
    this.#error = { thrown: error };
    return error;
  }

  /** Disposes in reverse order. @throws the error; if there are several, a SuppressedError, as the language has it */
  end(): void {
    for (let entry = this.#entries.pop(); entry !== undefined; entry = this.#entries.pop()) this.#attempt(entry);
    if (this.#error !== undefined) throw this.#error.thrown;
  }

  async endAsync(): Promise<void> {
    for (let entry = this.#entries.pop(); entry !== undefined; entry = this.#entries.pop()) {
      try {
        await entry.dispose.call(entry.value);
      } catch (error) {
        this.#failedToDispose(error);
      }
    }
    if (this.#error !== undefined) throw this.#error.thrown;
  }

  #attempt(entry: Entry): void {
    try {
      entry.dispose.call(entry.value);
    } catch (error) {
      this.#failedToDispose(error);
    }
  }

  #failedToDispose(error: unknown): void {
    this.#error = { thrown: this.#error === undefined ? error : suppressedError(error, this.#error.thrown) };
  }

  #add<T>(value: T, symbols: readonly symbol[]): T {
    if (value === null || value === undefined) return value;
    for (const symbol of symbols) {
      const dispose = (value as Record<symbol, unknown>)[symbol];
      if (typeof dispose !== 'function') continue;
      this.#entries.push({ value, dispose: dispose as Entry['dispose'] });
      return value;
    }
    throw new TypeError(`${String(value)} cannot be disposed of: it has no [Symbol.dispose]()`);
  }
}
