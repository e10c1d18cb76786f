import { requestContext } from '../context/index.js';
import { failureOf } from './failure.js';

/** One call of a batched method that answers with a list. */
export class ListCall {
  readonly result: Promise<unknown[]>;
  /** Answered or failed. */
  isOver = false;
  hasFailed = false;
  /** The request that made it. */
  readonly request = requestContext();
  readonly #results: unknown[];
  #missing: number;
  #resolve!: (results: unknown[]) => void;
  #reject!: (reason: unknown) => void;

  constructor(count: number) {
    this.#results = new Array(count);
    this.#missing = count;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** @param index of the item among this call's */
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
    this.#resolve(this.#results);
  }

  fail(reason: unknown): void {
    this.isOver = true;
    this.hasFailed = true;
    this.#reject(reason);
  }
}
