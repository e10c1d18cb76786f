/** On the global object: a user's bundle may hold a copy of this package, and its `serve.run` must be inert as well. */
const KEY = Symbol.for('nbserve.inert');
const holder = globalThis as { [KEY]?: () => void };

/**
 * Called by a replica: modules that it imports call `serve.run` at their top level, and there it must do nothing.
 * @returns resolves when a module did: its top level goes no further, and what it needs is defined
 */
export function makeInert(): Promise<void> {
  return new Promise((resolve) => {
    holder[KEY] = resolve;
  });
}

/** In a replica, what `serve.run` and `serve.start` give: a promise that never settles. Elsewhere `undefined`. */
export function inertRun(): Promise<never> | undefined {
  const paused = holder[KEY];
  if (paused === undefined) return undefined;
  paused();
  return new Promise<never>(() => {});
}
