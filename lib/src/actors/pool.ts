import { Fifo, shortId } from '../core/index.js';
import {
  inertChange,
  interruption as interruptionOfCell,
  noteWorkerCode,
  OwnCode,
  type Target,
  WorkerApp,
} from '../serve/host.js';
import type { ResourceOptions } from '../serve/index.js';
import { NotAWorkerTarget, NoWorker } from './errors.js';
import { checkRoom, type PoolNeeds } from './room.js';
import type { ActorPool, CallOptions, PoolOptions, ShippedCode, Worker, WorkerTarget } from './types.js';
import { PooledWorker } from './worker.js';

/** The signal that aborts when the user interrupts the cell that called; undefined outside of cells. */
export const interruption = (): AbortSignal | undefined => interruptionOfCell();

/**
 * Notes a class or function that workers may run. It must be called at the moment when the user passes it, because a worker finds a function of a module
 * file by the line that passed it.
 * @param what the call in which it was passed, e.g. `'mapBatches'`; the name of a function that has none
 * @throws NBS_NOT_A_WORKER
 */
export function shipped(what: string, target: WorkerTarget): ShippedCode {
  if (typeof target !== 'function') throw NotAWorkerTarget({ what, value: target === null ? 'null' : typeof target });
  const name = target.name === '' ? what : target.name;
  noteWorkerCode(name, target as Target);
  return { name, target };
}

/**
 * To be awaited before anything that a worker must not do again, when it runs the user's module to find its code there: it does not return if the worker has
 * what it needs. Resolves to true if the worker still needs the rest of the module, and to false in other processes.
 * @throws NBS_IN_REPLICA in code that answers calls
 */
export async function pauseInWorker(): Promise<boolean> {
  const inert = inertChange('run');
  if (inert !== undefined) await inert;
  return inert !== undefined;
}

/** Code for workers that run nothing of the user's: the `wrapper` of the pool is all of it. @param name what messages call the workers */
export const ownCode = (name: string): ShippedCode => ({ name, target: OwnCode });

/**
 * Starts processes that each run an instance of a class, or a function. Resolves when all of them run. If the user interrupts the cell that calls it, the pool
 * is closed, and what waits for its workers rejects with the interrupt.
 * @throws the constructor's own error; NBS_CANNOT_SHIP, NBS_NO_MODULE, NBS_NEVER_FITS, NBS_POOL_NO_ROOM, NBS_DEPLOY_FAILED
 */
export async function startPool({ name: label, target }: ShippedCode, options: PoolOptions): Promise<ActorPool> {
  const { kind, args, wrapper, restart = true, beside = [], ...others } = options;
  const signal = interruption();
  signal?.throwIfAborted();
  const name = `${kind}-${shortId(4)}`;
  const deployment = label.replace(/[^\p{L}\p{N}_.-]/gu, '_');
  const app = await WorkerApp.open(name, {
    name: deployment,
    target: target as Target,
    options: { gracefulShutdownTimeout: '1s', ...others },
    ...(wrapper === undefined ? {} : { wrapper }),
  });
  const pool = new ReplicaPool(name, app, { restart, beside, resources: others.resources ?? {}, signal });
  try {
    await pool.add(args);
  } catch (error) {
    await pool.close();
    signal?.throwIfAborted();
    throw error;
  }
  return pool;
}

interface ReplicaPoolOptions {
  readonly restart: boolean;
  readonly resources: ResourceOptions;
  readonly beside: readonly PoolNeeds[];
  /** Closes the pool when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** A pool whose workers are the replicas of one application. */
class ReplicaPool implements ActorPool {
  readonly name: string;
  readonly #app: WorkerApp;
  readonly #options: ReplicaPoolOptions;
  #workers: PooledWorker[] = [];
  readonly #idle = new Set<PooledWorker>();
  readonly #waiting = new Fifo<(worker: PooledWorker | null) => void>();
  #count = 0;
  #closing: Promise<void> | null = null;

  constructor(name: string, app: WorkerApp, options: ReplicaPoolOptions) {
    this.name = name;
    this.#app = app;
    this.#options = options;
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (options.signal?.aborted === true) this.#onAbort();
  }

  get workers(): readonly Worker[] {
    return this.#workers;
  }

  async add(args: readonly (readonly unknown[])[]): Promise<readonly Worker[]> {
    const { resources, beside, signal } = this.#options;
    if (this.#closing !== null) throw this.#noWorker();
    await checkRoom(this.name, { workers: this.#workers.length + args.length, resources }, beside);
    const deployments = await this.#app.add(args).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
    const added = deployments.map((deployment) => {
      const { name: pool } = this;
      return new PooledWorker({ app: this.#app, pool, deployment, index: this.#count++, onDied: this.#onDied });
    });
    this.#workers = [...this.#workers, ...added];
    for (const worker of added) this.#release(worker);
    return added;
  }

  async remove(worker: Worker): Promise<void> {
    await this.#end(worker as PooledWorker, 'it was removed');
  }

  run(method: string, args: readonly unknown[], options?: CallOptions): Promise<unknown> {
    return this.withWorker((worker) => worker.call(method, args, options), options);
  }

  async withWorker<R>(work: (worker: Worker) => Promise<R>, { signal }: CallOptions = {}): Promise<R> {
    const worker = await this.#take(signal);
    try {
      return await work(worker);
    } finally {
      this.#release(worker);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #onAbort = (): void => {
    this.close().catch(() => {});
  };

  async #close(): Promise<void> {
    const { signal } = this.#options;
    signal?.removeEventListener('abort', this.#onAbort);
    for (const worker of this.#workers) worker.end('its pool was closed', signal?.aborted === true ? signal.reason : undefined);
    this.#workers = [];
    this.#idle.clear();
    this.#refuseWaiting();
    await this.#app.close();
  }

  readonly #onDied = (worker: PooledWorker): void => {
    // Otherwise the controller restarts it.
    if (!this.#options.restart) this.#end(worker, 'its process died').catch(() => {});
  };

  async #end(worker: PooledWorker, reason: string): Promise<void> {
    if (!worker.isAlive) return;
    worker.end(reason);
    this.#workers = this.#workers.filter((other) => other !== worker);
    this.#idle.delete(worker);
    if (this.#workers.length === 0) this.#refuseWaiting();
    await this.#app.remove([worker.deployment]);
  }

  async #take(signal: AbortSignal | undefined): Promise<PooledWorker> {
    signal?.throwIfAborted();
    if (this.#workers.length === 0) throw this.#noWorker();
    const [idle] = this.#idle;
    if (idle !== undefined) {
      this.#idle.delete(idle);
      return idle;
    }
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal?.reason);
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.push((worker) => {
        signal?.removeEventListener('abort', abort);
        if (worker === null) reject(this.#noWorker());
        else if (signal?.aborted === true) this.#release(worker);
        else resolve(worker);
      });
    });
  }

  #release(worker: PooledWorker): void {
    if (!worker.isAlive) return;
    if (this.#waiting.size > 0) this.#waiting.shift()?.(worker);
    else this.#idle.add(worker);
  }

  #refuseWaiting(): void {
    while (this.#waiting.size > 0) this.#waiting.shift()?.(null);
  }

  #noWorker(): unknown {
    const { signal } = this.#options;
    if (signal?.aborted === true) return signal.reason;
    const reason = this.#closing === null ? 'all of them died or were removed' : 'it was closed';
    return NoWorker({ pool: this.name, reason });
  }
}
