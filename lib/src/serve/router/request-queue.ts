import { type Linked, LinkedList } from './linked-list.js';

/** What waits: `isBatch` has all others go first. */
export interface Waiting extends Linked {
  readonly isBatch: boolean;
}

/** While both kinds wait, one of so many that are taken is a batch request: it goes on, if slowly. */
export const BATCH_TURN = 8;

/** Requests of one kind: those that were sent and came back go first. */
interface Lane<T extends Waiting> {
  readonly returned: LinkedList<T>;
  readonly waiting: LinkedList<T>;
}

const lane = <T extends Waiting>(): Lane<T> => ({ returned: new LinkedList<T>(), waiting: new LinkedList<T>() });

/** Requests that wait for room at a replica: interactive ones before batch ones, each kind first in, first out. */
export class RequestQueue<T extends Waiting> {
  readonly #interactive = lane<T>();
  readonly #batch = lane<T>();
  /** Interactive requests that were taken, one after the other, while a batch one waited. */
  #passed = 0;

  get size(): number {
    return sizeOf(this.#interactive) + sizeOf(this.#batch);
  }

  /** The one whose turn it is. */
  get first(): T | null {
    return firstOf(this.#batchIsNext ? this.#batch : this.#interactive);
  }

  push(entry: T): void {
    this.#laneOf(entry).waiting.push(entry);
  }

  /** One that was sent and came back goes ahead of those of its kind that have not been sent yet. */
  unshift(entry: T): void {
    this.#laneOf(entry).returned.push(entry);
  }

  shift(): T | null {
    const { first } = this;
    if (first === null) return null;
    this.#passed = first.isBatch || sizeOf(this.#batch) === 0 ? 0 : this.#passed + 1;
    this.remove(first);
    return first;
  }

  /** One that does not wait here is left as it is. */
  remove(entry: T): void {
    (entry.inList as LinkedList<T> | null)?.remove(entry);
  }

  /** Takes out the batch request that came last. Those that came back are in the queue beyond its limit: they keep their place. */
  takeYoungestBatch(): T | null {
    const youngest = this.#batch.waiting.last;
    if (youngest !== null) this.remove(youngest);
    return youngest;
  }

  get #batchIsNext(): boolean {
    if (sizeOf(this.#batch) === 0) return false;
    return sizeOf(this.#interactive) === 0 || this.#passed >= BATCH_TURN - 1;
  }

  #laneOf(entry: T): Lane<T> {
    return entry.isBatch ? this.#batch : this.#interactive;
  }
}

const sizeOf = <T extends Waiting>({ returned, waiting }: Lane<T>): number => returned.size + waiting.size;
const firstOf = <T extends Waiting>({ returned, waiting }: Lane<T>): T | null => returned.first ?? waiting.first;
