import { type Linked, LinkedList } from './linked-list.js';

/** A waiting request. If `isBatch` is true, all others go first. */
export interface Waiting extends Linked {
  readonly isBatch: boolean;
  /** Grows with each request that begins to wait; 0 before that. */
  arrival: number;
}

/** While both kinds wait, one of this many requests is a batch request, so that batch requests make some progress. */
export const BATCH_TURN = 8;

/** The order among the queues of one deployment, which share it. */
export class QueueOrder {
  #arrivals = 0;
  /** Number of batch requests that wait in any of the queues. */
  #batches = 0;
  /** Number of interactive requests that were taken in sequence while a batch request waited. */
  #passed = 0;

  /** True if the next request to be sent should be a batch request. */
  get isBatchTurn(): boolean {
    return this.#passed >= BATCH_TURN - 1;
  }

  /** Whether `one` is sent before `other`, which waits in another queue. */
  isBefore(one: Waiting, other: Waiting): boolean {
    return one.isBatch === other.isBatch ? one.arrival < other.arrival : one.isBatch === this.isBatchTurn;
  }

  arrived(entry: Waiting): void {
    if (entry.arrival !== 0) return;
    this.#arrivals += 1;
    entry.arrival = this.#arrivals;
  }

  added({ isBatch }: Waiting): void {
    if (isBatch) this.#batches += 1;
  }

  removed({ isBatch }: Waiting): void {
    if (isBatch) this.#batches -= 1;
  }

  /** To be called before the request that is sent is removed. */
  taken({ isBatch }: Waiting): void {
    this.#passed = isBatch || this.#batches === 0 ? 0 : this.#passed + 1;
  }
}

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
  readonly #order: QueueOrder;

  constructor(order = new QueueOrder()) {
    this.#order = order;
  }

  get size(): number {
    return sizeOf(this.#interactive) + sizeOf(this.#batch);
  }

  /** The next request to send. */
  get first(): T | null {
    return firstOf(this.#batchIsNext ? this.#batch : this.#interactive);
  }

  push(entry: T): void {
    this.#order.arrived(entry);
    this.#order.added(entry);
    this.#laneOf(entry).waiting.push(entry);
  }

  /** Puts a request that was sent and came back before those of its kind that have not been sent yet. */
  unshift(entry: T): void {
    this.#order.added(entry);
    this.#laneOf(entry).returned.push(entry);
  }

  shift(): T | null {
    const { first } = this;
    if (first === null) return null;
    this.#order.taken(first);
    this.remove(first);
    return first;
  }

  /** It may wait in any of the queues of this order. One that does not wait is ignored. */
  remove(entry: T): void {
    if (entry.inList === null) return;
    this.#order.removed(entry);
    (entry.inList as LinkedList<T>).remove(entry);
  }

  /** The batch request that arrived last. Requests that came back are not counted in the limit of the queue, so they keep their place. */
  get youngestBatch(): T | null {
    return this.#batch.waiting.last;
  }

  get #batchIsNext(): boolean {
    if (sizeOf(this.#batch) === 0) return false;
    return sizeOf(this.#interactive) === 0 || this.#order.isBatchTurn;
  }

  #laneOf(entry: T): Lane<T> {
    return entry.isBatch ? this.#batch : this.#interactive;
  }
}

const sizeOf = <T extends Waiting>({ returned, waiting }: Lane<T>): number => returned.size + waiting.size;
const firstOf = <T extends Waiting>({ returned, waiting }: Lane<T>): T | null => returned.first ?? waiting.first;
