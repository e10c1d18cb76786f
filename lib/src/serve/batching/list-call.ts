import { deferred } from '../../core/index.js';
import { requestContext } from '../context/index.js';
import { failureOf, ownErrors } from './failure.js';
import { callsOf, checkResults, type Item } from './item.js';

/** One call of a batched method that returns a list. */
export class ListCall {
  /** True if the call was answered or has failed. */
  isOver = false;
  hasFailed = false;
  /** The request that made the call. */
  readonly request = requestContext();
  readonly #results: unknown[];
  #missing: number;
  readonly #result = deferred<unknown[]>();

  constructor(count: number) {
    this.#results = new Array(count);
    this.#missing = count;
  }

  get result(): Promise<unknown[]> {
    return this.#result.promise;
  }

  /** @param index index of the item in this call's list */
  settle(index: number, result: unknown, own: (reason: unknown) => unknown): void {
    if (this.isOver) return;
    const failure = failureOf(result);
    if (failure !== undefined) {
      this.fail(own(failure.reason));
      return;
    }
    this.#results[index] = result;
    this.#missing -= 1;
    if (this.#missing > 0) return;
    this.isOver = true;
    this.#result.resolve(this.#results);
  }

  fail(reason: unknown): void {
    this.isOver = true;
    this.hasFailed = true;
    this.#result.reject(reason);
  }
}

/** Calls the method with a batch and distributes the results. Never rejects. */
export async function runListBatch(
  method: string,
  items: readonly Item<ListCall>[],
  invoke: (values: unknown[]) => unknown,
): Promise<void> {
  const own = ownErrors();
  try {
    const results = checkResults(method, items, await invoke(items.map(({ value }) => value)));
    items.forEach(({ call, index }, i) => {
      call.settle(index, results[i], own);
    });
  } catch (error) {
    for (const call of callsOf(items)) if (!call.isOver) call.fail(own(error));
  }
}
