import { Fifo } from '../core/index.js';

/**
 * Works on several items at a time, and gives the results in the order of the items. Items are taken while results wait for their reader, at most `window`
 * ahead of it.
 */
export async function* ordered<T, R>(input: AsyncIterable<T>, window: number, work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const results = new Fifo<Promise<R>>();
  const items = input[Symbol.asyncIterator]();
  let isOver = false;
  let failure: { readonly error: unknown } | undefined;
  let isStopped = false;
  let wake = (): void => {};
  const change = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  let room = (): void => {};
  const pump = async (): Promise<void> => {
    try {
      while (!isStopped) {
        if (results.size >= window) {
          await new Promise<void>((resolve) => (room = resolve));
          continue;
        }
        const { done, value } = await items.next();
        if (done === true || isStopped) break;
        const result = work(value);
        // It is awaited in its turn.
        result.catch(() => {});
        results.push(result);
        wake();
      }
    } catch (error) {
      failure = { error };
    }
    isOver = true;
    wake();
  };
  const pumping = pump();
  try {
    for (;;) {
      if (results.size > 0) {
        const result = results.shift();
        room();
        yield await (result as Promise<R>);
      } else if (isOver) {
        if (failure !== undefined) throw failure.error;
        return;
      } else await change();
    }
  } finally {
    isStopped = true;
    room();
    await items.return?.();
    await pumping;
  }
}
