import type { ReplicaLink } from './replica-link.js';
import { RequestQueue } from './request-queue.js';
import type { RoutedCall } from './routed-call.js';

/** How long a request with an affinity key waits for room at the replica of its key. After that it goes to another one. */
const AFFINITY_WAIT_MS = 2000;

/** The requests with an affinity key that wait for room at the replica of their key. */
export class StickyQueue {
  readonly #queues = new Map<ReplicaLink, RequestQueue<RoutedCall>>();

  get size(): number {
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
      queue = new RequestQueue();
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

  /** Sends what can be sent now. @returns the requests whose replica can no longer be waited for */
  pump(): readonly RoutedCall[] {
    const homeless: RoutedCall[] = [];
    for (const [link, queue] of this.#queues) {
      const isGone = !link.isHome;
      for (let call = queue.first; call !== null && (isGone || link.hasRoom); call = queue.first) {
        queue.shift();
        call.stopWaitingForHome();
        if (isGone) homeless.push(call);
        else call.send(link);
      }
      if (queue.size === 0) this.#queues.delete(link);
    }
    return homeless;
  }

  takeAll(): readonly RoutedCall[] {
    const all: RoutedCall[] = [];
    for (const queue of this.#queues.values()) {
      for (let call = queue.shift(); call !== null; call = queue.shift()) {
        call.stopWaitingForHome();
        all.push(call);
      }
    }
    this.#queues.clear();
    return all;
  }
}
