/** Types of `serve.batch`. They use no third-party types, because notebook cells see them. */
import type { Duration } from '../../core/duration.js';

export interface BatchOptions {
  /**
   * Largest number of items in a batch. Batches become full only if `maxOngoingRequests` of the deployment is at least as high. Raise it if larger
   * batches take less time for each item.
   * @default 10
   */
  readonly maxBatchSize?: number;
  /**
   * How long the first item of a batch waits for others. 0 means until the end of the current turn of the event loop. Raise it for fuller batches,
   * and lower it for faster answers.
   * @default '10ms'
   */
  readonly batchWaitTimeout?: Duration;
  /**
   * Number of batches of the method that one instance works on at the same time. The batches for all models count together. Meanwhile the next batch
   * collects items. Raise it if a batch waits for something else than this process.
   * @default 1
   */
  readonly maxConcurrentBatches?: number;
}

/** A method that takes a list of items and returns as many results, in the same order. A generator yields such lists. */
export type BatchMethod<This> = (this: This, items: never[]) => Promise<readonly unknown[]> | AsyncIterable<readonly unknown[]>;

export type BatchDecorator = <This, F extends BatchMethod<This>>(method: F, context: ClassMethodDecoratorContext<This, F>) => F;

/**
 * Joins concurrent calls of a method into batches: `@serve.batch({ maxBatchSize: 32, batchWaitTimeout: '10ms' })` on `async predict(images: Image[]):
 * Promise<Label[]>`. Callers pass a list too, `const [label] = await this.predict([image])`, and get the results for that list. In between, nbserve
 * joins the lists of all calls and divides them into batches.
 * If the method throws, every call with an item in the batch fails, each with an error of its own. If an `Error` (or `serve.batch.error(…)`) takes
 * the place of one result, only the call of that item fails.
 * An async generator yields lists with one entry for each item. Each call gets the entries of its own items. `undefined` means that there is nothing
 * for an item this time; `serve.batch.end` ends the stream of that item.
 * @throws (by rejecting) NBS_BATCH_LENGTH, NBS_BATCH_CALL
 */
export interface Batch {
  /** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_DURATION */
  (options?: BatchOptions): BatchDecorator;
  /**
   * Changes the options of a batched method of one instance, from its next batch on. Options that you leave out keep their values.
   * In a deployment: `reconfigure(sizes) { serve.batch.configure(this, 'predict', sizes) }`.
   * @throws NBS_NOT_BATCHED, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_DURATION
   */
  configure<T extends object>(instance: T, method: Extract<keyof T, string> | (string & {}), options: BatchOptions): void;
  /** Returns a value that takes the place of an item's result if that item failed. (Because of its type, it can stand beside results of any type.) */
  error(reason: unknown): never;
  /** Takes the place of an item's result if the stream of that item has ended while others continue. */
  readonly end: never;
}
