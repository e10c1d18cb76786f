/** How a promise ended. */
export type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/**
 * Calls `work` in a microtask of its own and waits for its promise. V8 does not take this for code that catches: while `work` runs, its promise has no handler, and a `finally` block
 * is none. So a debugger can tell what the user's code catches from what it does not. Never rejects.
 */
export function settled<T>(work: () => Promise<T>): Promise<Settled<T>> {
  return new Promise((resolve) => {
    const awaited = wait();
    async function wait(): Promise<T> {
      try {
        // A caller that catches must not be on the stack.
        await null;
        return await work();
      } finally {
        // Before Node looks for rejections without a handler.
        queueMicrotask(() => {
          awaited.then(
            (value) => resolve({ ok: true, value }),
            (error: unknown) => resolve({ ok: false, error }),
          );
        });
      }
    }
  });
}
