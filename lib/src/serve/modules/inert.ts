import { AsyncLocalStorage } from 'node:async_hooks';
import { deferred } from '../../core/index.js';
import { InReplica } from './errors.js';

/** What of `serve` changes a cluster, with what would be right in its place. */
const CHANGES = {
  run: "to call another application, use serve.getAppHandle('name')",
  start: 'the cluster that it belongs to runs already',
  shutdown: 'or use nbserve stop',
  delete: 'or use nbserve delete',
  traffic: 'or use nbserve traffic',
  canary: 'or use nbserve canary',
} as const;
export type ClusterChange = keyof typeof CHANGES;

/** On the global object: a user's bundle may hold a copy of this package, and its `serve.run` must be inert as well. */
const KEY = Symbol.for('nbserve.inert');
const holder = globalThis as { [KEY]?: (change: ClusterChange, app: string) => Promise<unknown> };

/** Set in what answers requests, as against the top level of a module and what that goes on with. */
const served = new AsyncLocalStorage<true>();
/** Where `serve.run` or `serve.start` stand in a class or function; a parameter of the scope costs each of its promises a little. */
const MENTIONS = /serve\w*\s*\.\s*(?:run|start)\s*\(/i;

/** A frame of the room `replica`, built or by its source map. */
const REPLICA_FRAME = /[/\\]serve[/\\]replica[/\\]/;

export interface InertOptions {
  /** `app/deployment`, for messages. */
  readonly deployment: string;
  /** Whether the code is a module file, whose top level may call `serve.run`; a notebook's cells come without what they ran. */
  readonly isModule: boolean;
  /** Whether the module has defined what the replica wants, now that it runs the application of this name. */
  readonly isDefined: (app: string) => boolean;
}

export interface Inert {
  /** Resolves when the module's top level goes no further. */
  readonly paused: Promise<void>;
  /** The code is loaded; what the module's top level, or its `main`, goes on with may still call `serve.run`. */
  loaded(): void;
}

/**
 * Called by a replica before it imports a user's module, whose top level may call `serve.run`: that must not deploy there.
 * As soon as what the replica wants is defined, `serve.run` never settles, so that the lines behind it do not run. In code that answers requests
 * it is refused.
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
    loaded() {
      loading = false;
    },
  };
}

/**
 * In a replica, what a method of `serve` gives that would change the cluster; elsewhere `undefined`.
 * @param app of `serve.run`: the application's name
 */
export function inertChange(change: ClusterChange, app = ''): Promise<never> | undefined {
  return holder[KEY]?.(change, app) as Promise<never> | undefined;
}

/** This process is a replica that loads, or has loaded, the user's code. */
export const isInert = (): boolean => holder[KEY] !== undefined;

/** What runs the code of a class or function as one that answers requests; `null` if that makes no difference to it. */
export function servedScope(target: unknown): (<T>(run: () => T) => T) | null {
  for (let level = target; typeof level === 'function' && level !== Function.prototype; level = Object.getPrototypeOf(level)) {
    if (MENTIONS.test(Function.prototype.toString.call(level))) return (run) => served.run(true, run);
  }
  return null;
}

/** Whether the replica's own code, which calls that of the user for a request, is on the stack. */
function calledByReplica(): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 100;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return REPLICA_FRAME.test(stack);
}

const never = (): Promise<never> => new Promise(() => {});

let pretended = false;

/** Whether `serve.run` has given the module a handle that leads nowhere: what fails then may fail for that. */
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
