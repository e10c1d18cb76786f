import { KeyboardInterrupt } from './errors.js';

const ignore = (): void => {};

/**
 * What a cell awaits at its top level. The converter puts `wait` around the operand of each `await` and `each` around that of each `for await`, so that an
 * interrupt ends the code behind them too: without it, that code would go on once the promise settles, long after its cell has ended.
 */
export class CellWaits {
  #interrupted = false;
  /** Ends the one `await` that the cell is in. */
  #reject: ((error: unknown) => void) | undefined;

  /** The pending `await` and all to come reject with KeyboardInterrupt. */
  interrupt(): void {
    this.#interrupted = true;
    this.#reject?.(new KeyboardInterrupt());
  }

  readonly wait = (value: unknown): unknown => {
    if (!isThenable(value)) {
      if (this.#interrupted) throw new KeyboardInterrupt();
      return value;
    }
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      // V8 follows these two from an error to the cell's line.
      value.then(resolve, reject);
      if (this.#interrupted) reject(new KeyboardInterrupt());
    });
  };

  readonly each = (values: unknown): unknown => {
    const { [Symbol.asyncIterator]: open, [Symbol.iterator]: openSync } = Object(values) as Partial<
      AsyncIterable<unknown> & Iterable<unknown>
    >;
    if (typeof open === 'function') return { [Symbol.asyncIterator]: () => this.#iterator(open.call(values)) };
    return typeof openSync === 'function' ? this.#eachOf(values as Iterable<unknown>) : values;
  };

  *#eachOf(values: Iterable<unknown>): Iterable<unknown> {
    for (const value of values) yield this.wait(value);
  }

  #iterator(inner: AsyncIterator<unknown>): AsyncIterator<unknown> {
    const next = async (): Promise<IteratorResult<unknown>> => {
      try {
        return (await this.wait(inner.next())) as IteratorResult<unknown>;
      } catch (error) {
        // If `next` throws, `for await` takes the iterator for ended and does not close it, so it is closed here.
        if (this.#interrupted) inner.return?.().then(ignore, ignore);
        throw error;
      }
    };
    if (inner.return === undefined) return { next };
    return { next, return: (value?: unknown) => inner.return?.(value) as Promise<IteratorResult<unknown>> };
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
