import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { guarded, installUnwind } from '../control/index.js';

/** What the main thread tells the watchdog's thread. */
export type ToWatchdog = { kind: 'arm'; timeoutMs: number } | { kind: 'disarm' } | { kind: 'pong'; id: number };
export type FromWatchdog = { kind: 'ping'; id: number } | { kind: 'interrupted' } | { kind: 'disarmed' };

export interface Watched {
  /** The cell ended. */
  end(): Promise<{ readonly timedOut: boolean }>;
}

/** Ends a cell that takes too long, from a thread of its own: the cell may be a loop that never gives the main thread back. */
export class Watchdog {
  readonly #worker: Worker;
  readonly #shared = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  #onInterrupt: () => void = () => {};
  #timedOut = false;

  constructor() {
    installUnwind(this.#shared);
    const workerData = { shared: this.#shared.buffer };
    this.#worker = new Worker(new URL('./watchdog-thread.js', import.meta.url), { workerData });
    this.#worker.unref();
    this.#worker.on('message', (message: FromWatchdog) => {
      if (message.kind === 'ping') this.#tell({ kind: 'pong', id: message.id });
      if (message.kind === 'interrupted') {
        this.#timedOut = true;
        this.#onInterrupt();
      }
    });
  }

  /** Runs what is not the cell's: checking TypeScript may take longer than the cell may. */
  readonly uninterruptible = <T>(work: () => T): T => guarded(this.#shared, work);

  /** @param timeoutMs `null` is no limit */
  watch(timeoutMs: number | null, onInterrupt: () => void): Watched {
    this.#timedOut = false;
    this.#onInterrupt = onInterrupt;
    if (timeoutMs !== null) this.#tell({ kind: 'arm', timeoutMs });
    return {
      end: async () => {
        if (timeoutMs !== null) {
          // An interrupt under way is waited for, or it would hit the next cell.
          const disarmed = once(this.#worker, 'message', {}) as Promise<[FromWatchdog]>;
          this.#tell({ kind: 'disarm' });
          let [message] = await disarmed;
          while (message.kind !== 'disarmed') [message] = (await once(this.#worker, 'message')) as [FromWatchdog];
        }
        this.#onInterrupt = () => {};
        return { timedOut: this.#timedOut };
      },
    };
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #tell(message: ToWatchdog): void {
    this.#worker.postMessage(message);
  }
}
