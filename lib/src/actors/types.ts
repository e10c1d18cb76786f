/** Types of pools of workers. */
import type { DeploymentHandle, DeploymentOptions } from '../serve/index.js';
import type { PoolNeeds } from './room.js';

type AnyFunction = (...args: never[]) => unknown;
/** A class or function that workers run. */
export type WorkerTarget = AnyFunction | (new (...args: never[]) => unknown);

/** A class or function of the user's that can be sent to workers. `shipped` makes it. */
export interface ShippedCode {
  readonly name: string;
  readonly target: WorkerTarget;
}

/** Options of {@link startPool}. */
export interface PoolOptions
  extends Pick<DeploymentOptions, 'resources' | 'env' | 'runtimeEnv' | 'startupTimeout' | 'stuckTimeout'> {
  /** What the pool is for, e.g. `'data'`. It begins the name of its application in the status. */
  readonly kind: string;
  /** The constructor's arguments of each worker; their number is the number of workers. They are sent as structured clones. */
  readonly args: readonly (readonly unknown[])[];
  /**
   * What happens to a worker that dies. `true`: a new process takes its place, with a new instance, and the next call waits for it. `false`: it is dead, and
   * its calls reject with NBS_WORKER_DEAD.
   * @default true
   */
  readonly restart?: boolean;
  /** Other workers of the same work, which stay until these end: there must be room for both. @default none */
  readonly beside?: readonly PoolNeeds[];
  /**
   * URL of a module of nbserve that exports `wrap(target)`: it gets the user's class or function in the worker's process, and returns the class or function
   * that the worker runs. Write `new URL('./x-worker.js', import.meta.url).href`.
   */
  readonly wrapper?: string;
}

/** Options of one call. */
export interface CallOptions {
  /** Cancels the call when it is aborted; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** One process of a pool, with an instance of its own. */
export interface Worker {
  /** Its place in the pool, from 0. A worker that is added later gets the next number; numbers are not used again. */
  readonly index: number;
  /** False if it died and is not restarted, was removed, or its pool was closed. */
  readonly isAlive: boolean;
  /**
   * Calls a method of the instance; of a function, the method is `'call'`. Values travel as structured clones, typed arrays as their bytes.
   * @throws the method's own error; NBS_WORKER_DIED if the process died during the call, NBS_WORKER_DEAD if it had died before
   */
  call(method: string, args: readonly unknown[], options?: CallOptions): Promise<unknown>;
  /** Calls a method that is an async generator. If you leave the loop early, the generator in the worker ends. @throws as `call` */
  stream(method: string, args: readonly unknown[], options?: CallOptions): AsyncIterable<unknown>;
  /** Id of the worker's process; `null` while it is being restarted. */
  pid(): Promise<number | null>;
  /** The handle of its deployment, for other workers: it can be an argument of a call. */
  readonly handle: DeploymentHandle<Record<string, (...args: unknown[]) => unknown>>;
}

/** Processes that run instances of one class, or one function. */
export interface ActorPool extends AsyncDisposable {
  /** Name of its application in the status. */
  readonly name: string;
  /** The workers that are alive. */
  readonly workers: readonly Worker[];
  /**
   * Calls a method of a worker that has nothing to do; waits for one if all are busy. Calls wait in their order.
   * @throws as `call` of a worker; NBS_NO_WORKER if none is alive
   */
  run(method: string, args: readonly unknown[], options?: CallOptions): Promise<unknown>;
  /** Keeps such a worker for `work`, which may call it several times. @throws NBS_NO_WORKER, and what `work` throws */
  withWorker<R>(work: (worker: Worker) => Promise<R>, options?: CallOptions): Promise<R>;
  /** Starts more workers. @throws the constructor's own error; NBS_NEVER_FITS, NBS_POOL_NO_ROOM, NBS_DEPLOY_FAILED */
  add(args: readonly (readonly unknown[])[]): Promise<readonly Worker[]>;
  /** Ends a worker; its calls reject with NBS_WORKER_DEAD. */
  remove(worker: Worker): Promise<void>;
  /** Cancels the calls in progress, and ends all workers. */
  close(): Promise<void>;
}
