import { type Linked, LinkedList } from './linked-list.js';

/** A waiting request. If `isBatch` is true, all others go first. */
export interface Waiting extends Linked {
  readonly isBatch: boolean;
}

/** While both kinds wait, one of this many requests is a batch request, so that batch requests make some progress. */
export const BATCH_TURN = 8;

/** Requests of one kind. Those that were sent and came back go first. */
interface Lane<T extends Waiting> {
  readonly returned: LinkedList<T>;
  readonly waiting: LinkedList<T>;
}

const lane = <T extends Waiting>(): Lane<T> => ({ returned: new LinkedList<T>(), waiting: new LinkedList<T>() });

/** Requests that wait for room at a replica: interactive ones before batch ones, and each kind first in, first out. */
export class RequestQueue<T extends Waiting> {
  readonly #interactive = lane<T>();
  readonly #batch = lane<T>();
  /** Number of interactive requests that were taken in sequence while a batch request waited. */
  #passed = 0;

  get size(): number {
    return sizeOf(this.#interactive) + sizeOf(this.#batch);
  }

  /** The next request to send. */
  get first(): T | null {
    return firstOf(this.#batchIsNext ? this.#batch : this.#interactive);
  }

  push(entry: T): void {
    this.#laneOf(entry).waiting.push(entry);
  }

  /** Puts a request that was sent and came back before those of its kind that have not been sent yet. */
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

  /** An entry that does not wait here is ignored. */
  remove(entry: T): void {
    (entry.inList as LinkedList<T> | null)?.remove(entry);
  }

  /** Removes the batch request that arrived last. Requests that came back are not counted in the limit of the queue, so they keep their place. */
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
