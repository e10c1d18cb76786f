import { Worker } from 'node:worker_threads';
import { guarded, installUnwind, SHARED_INTS } from '../control/index.js';
import type { Order } from './protocol.js';

export type ToLifeline = { readonly kind: 'pong'; readonly id: number };
export type FromLifeline =
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'interrupt' }
  | { readonly kind: 'interrupted'; readonly terminated: boolean }
  | { readonly kind: 'order'; readonly order: Order };

export interface LifelineEvents {
  /** Is called with each order, in the order in which the parent sent them. */
  onOrder(order: Order): void;
  /** Ends code that awaits. Code that blocks is terminated by the thread. */
  onInterrupt(): void;
  /** @param terminated whether code was terminated */
  onInterrupted(terminated: boolean): void;
}

/**
 * The thread with the connection to the parent. It receives the parent's orders, interrupts a cell that blocks the main thread, and, when the parent has
 * ended, ends this process and the processes that its cells have started.
 */
export class Lifeline {
  readonly #shared = new Int32Array(new SharedArrayBuffer(SHARED_INTS * Int32Array.BYTES_PER_ELEMENT));

  constructor(events: LifelineEvents) {
    const settled = installUnwind(this.#shared);
    const worker = new Worker(new URL('./lifeline-thread.js', import.meta.url), { workerData: { shared: this.#shared.buffer } });
    worker.on('message', (message: FromLifeline) => {
      switch (message.kind) {
        case 'ping':
          settled();
          worker.postMessage({ kind: 'pong', id: message.id } satisfies ToLifeline);
          break;
        case 'interrupt':
          events.onInterrupt();
          break;
        case 'interrupted':
          events.onInterrupted(message.terminated);
          break;
        case 'order':
          events.onOrder(message.order);
          break;
      }
    });
  }

  /** Runs work that an interrupt must not terminate: if the type checker were terminated, it could not be used any more. */
  readonly uninterruptible = <T>(work: () => T): T => guarded(this.#shared, work);
}
