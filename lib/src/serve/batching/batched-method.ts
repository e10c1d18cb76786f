import type { Clock } from '../../core/index.js';
import { enterBatch, getMultiplexedModelId, type RequestContext, requestContext } from '../context/index.js';
import { BatchPlaces } from './batch-places.js';
import { Batcher, type BatchPlace } from './batcher.js';
import { BatchCall } from './errors.js';
import { callsOf, type Item, itemsOf } from './item.js';
import { ListCall, runListBatch } from './list-call.js';
import type { BatchSettings } from './options.js';
import { StreamBatch } from './stream-batch.js';
import { StreamCall } from './stream-call.js';

export interface BatchedMethodInit {
  /** Name of the method in messages. */
  readonly label: string;
  /** The user's method, bound to its instance. */
  readonly invoke: (values: unknown[]) => unknown;
  readonly settings: BatchSettings;
  readonly clock: Clock;
}

type AnyCall = ListCall | StreamCall;
type RunBatch<C> = (items: readonly Item<C>[], place: BatchPlace, modelId: string) => void;

const requestsOf = (items: readonly Item<AnyCall>[]): (RequestContext | null)[] => items.map(({ call }) => call.request);

/** The calls of one batched method of one instance. Calls for different models are never in the same batch. */
abstract class BatchedMethod<C extends AnyCall> {
  protected readonly init: BatchedMethodInit;
  settings: BatchSettings;
  readonly #places: BatchPlaces;
  readonly #batchers = new Map<string, Batcher<Item<C>>>();
  readonly #items = new WeakMap<C, readonly Item<C>[]>();

  constructor(init: BatchedMethodInit) {
    this.init = init;
    this.settings = init.settings;
    this.#places = new BatchPlaces(init.settings.maxConcurrentBatches);
  }

  configure(settings: BatchSettings): void {
    this.settings = settings;
    this.#places.limit = settings.maxConcurrentBatches;
    for (const batcher of [...this.#batchers.values()]) batcher.settings = settings;
  }

  /** @param args the arguments of the user's call */
  abstract call(args: readonly unknown[]): unknown;

  protected abstract readonly run: RunBatch<C>;

  /** @throws NBS_BATCH_CALL */
  protected listOf(args: readonly unknown[]): readonly unknown[] {
    const [values, ...more] = args;
    if (more.length > 0) throw this.#refusal('it takes one list; other arguments would differ between the calls of a batch');
    if (!Array.isArray(values)) {
      throw this.#refusal('call it with a list of items, as in `const [result] = await this.predict([item])`');
    }
    return values as unknown[];
  }

  protected add(modelId: string, call: C, values: readonly unknown[]): void {
    const items = itemsOf(call, values);
    this.#items.set(call, items);
    let batcher = this.#batchers.get(modelId);
    if (batcher === undefined) {
      const made: Batcher<Item<C>> = new Batcher<Item<C>>({
        settings: this.settings,
        clock: this.init.clock,
        places: this.#places,
        run: (batch, place) => this.run(batch, place, modelId),
        // A batch that rested can end when later calls have made another batcher.
        onIdle: () => {
          if (this.#batchers.get(modelId) === made) this.#batchers.delete(modelId);
        },
      });
      batcher = made;
      this.#batchers.set(modelId, batcher);
    }
    batcher.add(items);
  }

  /** Removes the items of a call that has ended: they need no work. */
  protected withdraw(modelId: string, call: C): void {
    this.#batchers.get(modelId)?.withdraw(this.#items.get(call) ?? []);
  }

  #refusal(reason: string): Error {
    return BatchCall({ method: this.init.label, reason });
  }
}

export class BatchedList extends BatchedMethod<ListCall> {
  async call(args: readonly unknown[]): Promise<unknown[]> {
    const values = this.listOf(args);
    if (values.length === 0) return [];
    const call = new ListCall(values.length);
    this.add(getMultiplexedModelId(), call, values);
    return call.result;
  }

  protected readonly run: RunBatch<ListCall> = (items, place, modelId) => {
    const { label, invoke } = this.init;
    let working = Promise.resolve();
    const context = enterBatch(modelId, requestsOf(items), () => {
      working = runListBatch(label, items, invoke);
    });
    void working.then(() => {
      context?.end();
      for (const call of callsOf(items)) if (call.hasFailed) this.withdraw(modelId, call);
      place.release();
    });
  };
}

export class BatchedStream extends BatchedMethod<StreamCall> {
  call(args: readonly unknown[]): AsyncGenerator<unknown[]> {
    return this.#read(getMultiplexedModelId(), requestContext(), args);
  }

  protected readonly run: RunBatch<StreamCall> = (items, place, modelId) => {
    const { label: method, invoke } = this.init;
    let context: RequestContext | null = null;
    const batch = new StreamBatch({ method, items, place, onEnd: () => context?.end() });
    context = enterBatch(
      modelId,
      requestsOf(items),
      () => void batch.run(invoke as (values: unknown[]) => AsyncGenerator<unknown>),
    );
  };

  /** As with any generator, nothing begins before the first `next()`. */
  async *#read(modelId: string, request: RequestContext | null, args: readonly unknown[]): AsyncGenerator<unknown[]> {
    const values = this.listOf(args);
    const call = new StreamCall(values.length, request);
    if (values.length > 0) this.add(modelId, call, values);
    try {
      for (let list = await call.next(); list !== null; list = await call.next()) yield list;
    } finally {
      call.leave();
      this.withdraw(modelId, call);
    }
  }
}
