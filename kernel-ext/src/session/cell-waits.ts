import { KeyboardInterrupt } from '../guard/index.js';

const ignore = (): void => {};
const first = ([value]: readonly unknown[]): unknown => value;

/**
 * What a cell awaits at its top level. The converter puts `wait` around the operand of each `await` and `each` around that of each `for await`, so that an
 * interrupt ends the code behind them too: without it, that code would go on once the promise settles, long after its cell has ended.
 */
export class CellWaits {
  #interrupted = false;
  /** Ends the one `await` that the cell is in. */
  #reject: ((error: unknown) => void) | undefined;
  readonly #isDebugged: boolean;

  /** @param isDebugged a debugger may ask whether the cell's code catches what is thrown */
  constructor(isDebugged: boolean) {
    this.#isDebugged = isDebugged;
  }

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
    return this.#isDebugged ? this.#visibly(value) : this.#quickly(value);
  };

  #quickly(value: PromiseLike<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      // V8 follows these two from an error to the cell's line.
      value.then(resolve, reject);
      if (this.#interrupted) reject(new KeyboardInterrupt());
    });
  }

  /** Like {@link #quickly}, but no handler of `value` ends the error's way, so V8 can tell whether the cell's code catches it. A stack shows this. */
  #visibly(value: PromiseLike<unknown>): Promise<unknown> {
    let release = ignore;
    const interrupt = new Promise<void>((resolve, reject) => {
      release = resolve;
      this.#reject = reject;
      if (this.#interrupted) reject(new KeyboardInterrupt());
    });
    const released = Promise.resolve(value).then((result) => {
      release();
      return result;
    });
    // Not `race`: V8 of Node 20 does not see what is caught behind it.
    return Promise.all([released, interrupt]).then(first);
  }

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
