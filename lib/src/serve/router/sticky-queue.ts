import type { ReplicaLink } from './replica-link.js';
import { type QueueOrder, RequestQueue } from './request-queue.js';
import type { RoutedCall } from './routed-call.js';

/** How long a request with an affinity key waits for room at the replica of its key. After that it goes to another one. */
const AFFINITY_WAIT_MS = 2000;
const NONE: readonly RoutedCall[] = [];

/** The requests with an affinity key that wait for room at the replica of their key. */
export class StickyQueue {
  readonly #queues = new Map<ReplicaLink, RequestQueue<RoutedCall>>();
  readonly #order: QueueOrder;

  /** @param order that of all requests of the deployment */
  constructor(order: QueueOrder) {
    this.#order = order;
  }

  get size(): number {
    if (this.#queues.size === 0) return 0;
    let size = 0;
    for (const queue of this.#queues.values()) size += queue.size;
    return size;
  }

  /** True if requests wait for this replica: a later one must not overtake them. */
  isWaitingFor(link: ReplicaLink): boolean {
    return (this.#queues.get(link)?.size ?? 0) > 0;
  }

  /** @param givesUp called if it has waited for too long; then it no longer waits here */
  add(link: ReplicaLink, call: RoutedCall, returned: boolean, givesUp: () => void): void {
    let queue = this.#queues.get(link);
    if (queue === undefined) {
      queue = new RequestQueue(this.#order);
      this.#queues.set(link, queue);
    }
    if (returned) queue.unshift(call);
    else queue.push(call);
    const own = queue;
    call.waitForHome(AFFINITY_WAIT_MS, () => {
      own.remove(call);
      givesUp();
    });
  }

  /** The replica with room whose first request is the next one to send. */
  nextHome(): ReplicaLink | null {
    if (this.#queues.size === 0) return null;
    let home: ReplicaLink | null = null;
    let next: RoutedCall | null = null;
    for (const [link, queue] of this.#queues) {
      const first = link.hasRoom ? queue.first : null;
      if (first === null || (next !== null && this.#order.isBefore(next, first))) continue;
      home = link;
      next = first;
    }
    return home;
  }

  /** Whether the first request that waits for this replica is sent before one of the queue of all replicas. */
  goesBefore(link: ReplicaLink | null, other: RoutedCall): boolean {
    const first = link === null ? null : (this.#queues.get(link)?.first ?? null);
    return first !== null && this.#order.isBefore(first, other);
  }

  /** Sends it the first request that waits for it. */
  sendFirst(link: ReplicaLink): void {
    const call = this.#queues.get(link)?.shift() ?? null;
    call?.stopWaitingForHome();
    call?.send(link);
  }

  /** The batch request that arrived last. @param other the one of the queue of all replicas */
  youngestBatch(other: RoutedCall | null): RoutedCall | null {
    let youngest = other;
    for (const { youngestBatch: last } of this.#queues.values()) {
      if (last !== null && (youngest === null || last.arrival > youngest.arrival)) youngest = last;
    }
    return youngest;
  }

  /** Removes the requests whose replica can no longer be waited for. */
  takeHomeless(): readonly RoutedCall[] {
    return this.#take((link) => !link.isHome);
  }

  takeAll(): readonly RoutedCall[] {
    return this.#take(() => true);
  }

  #take(isMeant: (link: ReplicaLink) => boolean): readonly RoutedCall[] {
    if (this.#queues.size === 0) return NONE;
    const taken: RoutedCall[] = [];
    for (const [link, queue] of this.#queues) {
      const isTaken = isMeant(link);
      for (let call = isTaken ? queue.shift() : null; call !== null; call = queue.shift()) {
        call.stopWaitingForHome();
        taken.push(call);
      }
      if (queue.size === 0) this.#queues.delete(link);
    }
    return taken;
  }
}
