import type { WorkerApp } from '../serve/host.js';
import type { DeploymentHandle } from '../serve/index.js';
import { WorkerDead, WorkerDied } from './errors.js';
import type { CallOptions, Worker } from './types.js';

/** Codes of the errors of a call whose process died: before the answer, or in the middle of a stream. */
const DIED: ReadonlySet<string> = new Set(['NBS_REPLICA_DIED', 'NBS_ANSWER_BROKEN', 'NBS_REPLICA_HUNG']);

type Methods = Record<string, (...args: unknown[]) => unknown>;
type Remote = Readonly<
  Record<string, { remote(...args: unknown[]): Promise<unknown> & AsyncIterable<unknown> & { cancel(): void } }>
>;

export interface PooledWorkerOptions {
  readonly app: WorkerApp;
  readonly pool: string;
  /** Name of its deployment. */
  readonly deployment: string;
  readonly index: number;
  /** Its process has died during a call. */
  readonly onDied: (worker: PooledWorker) => void;
}

export class PooledWorker implements Worker {
  readonly index: number;
  readonly deployment: string;
  readonly handle: DeploymentHandle<Methods>;
  readonly #app: WorkerApp;
  readonly #label: string;
  readonly #onDied: (worker: PooledWorker) => void;
  /** What rejects the calls in progress. */
  readonly #onEnd = new Set<(error: unknown) => void>();
  #reason: string | null = null;
  #error: unknown;

  constructor({ app, pool, deployment, index, onDied }: PooledWorkerOptions) {
    this.index = index;
    this.deployment = deployment;
    this.handle = app.handle<Methods>(deployment);
    this.#app = app;
    this.#label = `worker ${index} of ${pool}`;
    this.#onDied = onDied;
  }

  get isAlive(): boolean {
    return this.#reason === null;
  }

  /** From now on its calls reject, those in progress too. @param error what they reject with @default NBS_WORKER_DEAD */
  end(reason: string, error?: unknown): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#error = error;
    for (const reject of this.#onEnd) reject(this.#dead());
    this.#onEnd.clear();
  }

  async pid(): Promise<number | null> {
    const status = await this.#app.status();
    return status[this.deployment]?.replicas.find(({ state }) => state === 'RUNNING')?.pid ?? null;
  }

  async call(method: string, args: readonly unknown[], { signal }: CallOptions = {}): Promise<unknown> {
    this.#check(signal);
    const response = this.#remote(method, args);
    const cancel = (): void => response.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await this.#orEnd(response);
    } catch (error) {
      if (this.#reason !== null) response.cancel();
      throw this.#seen(error, method, signal);
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  async *stream(method: string, args: readonly unknown[], { signal }: CallOptions = {}): AsyncGenerator<unknown> {
    this.#check(signal);
    const response = this.#remote(method, args);
    const cancel = (): void => response.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    const items = response[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await this.#orEnd(items.next());
        if (done === true) return;
        yield value;
      }
    } catch (error) {
      throw this.#seen(error, method, signal);
    } finally {
      signal?.removeEventListener('abort', cancel);
      response.cancel();
    }
  }

  /**
   * The result of the work; it rejects if the worker ends before that. A race with one promise of the worker's end would keep every result until the end.
   */
  #orEnd<T>(work: PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#reason === null) this.#onEnd.add(reject);
      else reject(this.#dead());
      work.then(
        (result) => {
          this.#onEnd.delete(reject);
          resolve(result);
        },
        (error: unknown) => {
          this.#onEnd.delete(reject);
          reject(error);
        },
      );
    });
  }

  #remote(method: string, args: readonly unknown[]) {
    const entry = (this.handle as unknown as Remote)[method];
    return (entry as NonNullable<typeof entry>).remote(...args);
  }

  #check(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (this.#reason !== null) throw this.#dead();
  }

  #dead(): unknown {
    return this.#error ?? WorkerDead({ worker: this.#label, reason: this.#reason ?? '' });
  }

  #seen(error: unknown, method: string, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted === true) return signal.reason;
    const code = (error as { code?: unknown } | null)?.code;
    if (typeof code !== 'string' || !DIED.has(code)) return error;
    this.#onDied(this);
    return WorkerDied({ worker: this.#label, method }, error);
  }
}
