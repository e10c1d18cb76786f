/** On the global object: a user's bundle may hold a copy of this package, and its `serve.run` must be inert as well. */
const KEY = Symbol.for('nbserve.inert');
const holder = globalThis as { [KEY]?: (app: string) => Promise<unknown> };

/**
 * Called by a replica before it imports a user's module, whose top level may call `serve.run`: that must not deploy there.
 * As soon as what the replica wants is defined, `serve.run` never settles, so that the lines behind it do not run.
 * @param isDefined whether the module has defined it, now that it runs the application of this name
 * @returns resolves when the module's top level goes no further
 */
export function makeInert(isDefined: (app: string) => boolean): Promise<void> {
  return new Promise((paused) => {
    holder[KEY] = (app) => {
      if (!isDefined(app)) return Promise.resolve(inertHandle(paused));
      paused();
      return never();
    };
  });
}

/** In a replica, what `serve.run` gives; elsewhere `undefined`. */
export function inertRun(app: string): Promise<never> | undefined {
  return holder[KEY]?.(app) as Promise<never> | undefined;
}

export const isInert = (): boolean => holder[KEY] !== undefined;

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
