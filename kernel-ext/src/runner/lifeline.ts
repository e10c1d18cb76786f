import { Worker } from 'node:worker_threads';
import { guarded, installUnwind, SHARED_INTS } from '../control/index.js';
import type { Order } from './protocol.js';

export type ToLifeline = { readonly kind: 'pong'; readonly id: number };
export type FromLifeline =
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'interrupt' }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'order'; readonly order: Order };

export interface LifelineEvents {
  /** In the order in which the parent gave them. */
  onOrder(order: Order): void;
  /** End what awaits; what blocks is being terminated. */
  onInterrupt(): void;
  onInterrupted(): void;
}

/**
 * The thread that holds the connection to the parent: it takes its orders, interrupts a cell that never gives the main thread back, and ends the
 * process and what its cells have started when the parent is gone.
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
          events.onInterrupted();
          break;
        case 'order':
          events.onOrder(message.order);
          break;
      }
    });
  }

  /** Runs what an interrupt must not break: the type checker, terminated half-way, is of no use afterwards. */
  readonly uninterruptible = <T>(work: () => T): T => guarded(this.#shared, work);
}
