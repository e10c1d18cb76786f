import { AsyncLocalStorage } from 'node:async_hooks';
import { deferred } from '../../core/index.js';
import { ClusterCallers } from './cluster-callers.js';
import { InReplica } from './errors.js';

/** The methods of `serve` that change a cluster, and what to use instead. */
const CHANGES = {
  run: "to call another application, use serve.getAppHandle('name')",
  start: 'the cluster that it belongs to runs already',
  shutdown: 'or use nbserve stop',
  delete: 'or use nbserve delete',
  traffic: 'or use nbserve traffic',
  canary: 'or use nbserve canary',
} as const;
export type ClusterChange = keyof typeof CHANGES;

/** This is on the global object, because a user's bundle may contain a copy of this package, whose `serve.run` must do nothing either. */
const KEY = Symbol.for('nbserve.inert');
const holder = globalThis as { [KEY]?: (change: ClusterChange, app: string) => Promise<unknown> };

/** Set in code that answers requests, and not in the top level of a module and what it starts. */
const served = new AsyncLocalStorage<true>();
/** A scope makes each of its promises a little slower, so it is used only for classes and functions that these include. */
let callers = new ClusterCallers();

/** A frame of the room `replica`, in its built form or by its source map. */
const REPLICA_FRAME = /[/\\]serve[/\\]replica[/\\]/;

export interface InertOptions {
  /** `app/deployment`, for messages. */
  readonly deployment: string;
  /** True if the code is a module file, whose top level may call `serve.run`. The cells of a notebook are sent without the calls that they made. */
  readonly isModule: boolean;
  /** Whether the module has defined what the replica needs, when it runs the application of this name. */
  readonly isDefined: (app: string) => boolean;
}

export interface Inert {
  /** Resolves when the module's top level does not continue. */
  readonly paused: Promise<void>;
  /**
   * To be called when the code is loaded. After that, what the module's top level or its `main` has started may still call `serve.run`.
   * @param bundle the compiled module, if it is one
   */
  loaded(bundle?: string): void;
}

/**
 * To be called by a replica before it imports a user's module, whose top level may call `serve.run`: that must not deploy there.
 * When the replica has the definition that it needs, `serve.run` never settles, so that the lines after it do not run. Code that answers requests
 * gets an error.
 */
export function makeInert({ deployment, isModule, isDefined }: InertOptions): Inert {
  let loading = true;
  const paused = deferred<void>();
  const pause = (): void => paused.resolve();
  holder[KEY] = async (change, app) => {
    const isOfStart = change === 'run' || change === 'start';
    const isRequest = served.getStore() === true || (!loading && calledByReplica());
    if (!isModule || isRequest || !(loading || isOfStart))
      throw InReplica({ method: change, deployment, instead: CHANGES[change] });
    if (change !== 'run') return undefined;
    if (!isDefined(app)) return inertHandle(pause);
    pause();
    return never();
  };
  return {
    paused: paused.promise,
    loaded(bundle) {
      loading = false;
      callers = new ClusterCallers(bundle);
    },
  };
}

/**
 * In a replica, the result of a method of `serve` that would change the cluster; otherwise `undefined`.
 * @param app for `serve.run`: the name of the application
 */
export function inertChange(change: ClusterChange, app = ''): Promise<never> | undefined {
  return holder[KEY]?.(change, app) as Promise<never> | undefined;
}

/** Whether this process is a replica that loads, or has loaded, user code. */
export const isInert = (): boolean => holder[KEY] !== undefined;

/** Runs the code of a class or function as code that answers requests; `null` if this makes no difference to the code. */
export function servedScope(target: unknown): (<T>(run: () => T) => T) | null {
  for (let level = target; typeof level === 'function' && level !== Function.prototype; level = Object.getPrototypeOf(level)) {
    if (callers.includes(Function.prototype.toString.call(level))) return (run) => served.run(true, run);
  }
  return null;
}

/** Whether code of the replica that calls user code for a request is on the stack. */
function calledByReplica(): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 100;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return REPLICA_FRAME.test(stack);
}

const never = (): Promise<never> => new Promise(() => {});

let pretended = false;

/** Whether `serve.run` has given the module a handle whose calls are never answered. A later failure may be caused by that. */
export const hasPretended = (): boolean => pretended;

/** A handle whose calls are never answered. The first call means that the module waits. */
function inertHandle(paused: () => void): object {
  pretended = true;
  const remote = (): Promise<never> => {
    paused();
    return never();
  };
  return new Proxy(
    {},
    {
      get(_, key) {
        if (typeof key === 'symbol' || key === 'then') return undefined;
        if (key === 'remote') return remote;
        return key === 'url' ? 'about:blank' : { remote };
      },
    },
  );
}
