/** Types of `serve.batch`. No third-party types: these reach notebook cells. */

type Duration = number | `${number}${'ms' | 's' | 'm' | 'h'}`;

export interface BatchOptions {
  /** Largest number of items in a batch. Batches become full only if `maxOngoingRequests` of the deployment is at least as high. @default 10 */
  readonly maxBatchSize?: number;
  /** How long the first item of a batch waits for others. 0 means until the end of the current turn of the event loop. @default '10ms' */
  readonly batchWaitTimeout?: Duration;
  /** Number of batches that one instance works on at the same time. Meanwhile the next batch collects items. @default 1 */
  readonly maxConcurrentBatches?: number;
}

/** A method that takes a list of items and answers with as many results, in order; a generator yields such lists. */
export type BatchMethod<This> = (this: This, items: never[]) => Promise<readonly unknown[]> | AsyncIterable<readonly unknown[]>;

export type BatchDecorator = <This, F extends BatchMethod<This>>(method: F, context: ClassMethodDecoratorContext<This, F>) => F;

/**
 * Joins concurrent calls of a method into one: `@serve.batch({ maxBatchSize: 32, batchWaitTimeout: '10ms' })` on
 * `async predict(images: Image[]): Promise<Label[]>`. It is called with a list as well, `const [label] = await this.predict([image])`, and gets
 * that list's results; in between, the lists of all calls are put together and cut into batches.
 *
 * What the method throws fails every call with an item in the batch, each with an error of its own. An `Error` (or `serve.batch.error(…)`) in
 * an item's place fails that item's call only.
 *
 * An async generator yields lists with one entry per item. Each call is given the entries of its own items; `undefined` is nothing for an item
 * this time, `serve.batch.end` is the end of that item's stream.
 * @throws (by rejecting) NBS_BATCH_LENGTH, NBS_BATCH_CALL
 */
export interface Batch {
  /** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_DURATION */
  (options?: BatchOptions): BatchDecorator;
  /**
   * Changes a batched method of one instance from its next batch on; options that are not named stay.
   * In a deployment: `reconfigure(sizes) { serve.batch.configure(this, 'predict', sizes) }`.
   * @throws NBS_NOT_BATCHED, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_DURATION
   */
  configure<T extends object>(instance: T, method: Extract<keyof T, string> | (string & {}), options: BatchOptions): void;
  /** Stands in an item's place for its failure. (Its type lets it stand beside results of any type.) */
  error(reason: unknown): never;
  /** Stands in an item's place where its stream has ended, while those of others go on. */
  readonly end: never;
}
