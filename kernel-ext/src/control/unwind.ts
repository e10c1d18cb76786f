/**
 * Why this exists: in Node 20 `AsyncLocalStorage` keeps a stack of async ids. V8's termination unwinds JavaScript without
 * popping that stack, and Node aborts the process at the end of the callback ("execution_async_id() == 0", callback.cc).
 * So the stack is cleared in the same breath as the termination. The function is reached from the inspector, hence global.
 */
import { POSTED } from './messages.js';

const KEY = 'nbserve.kernel.unwind';

/** Expression that the control thread has the main thread evaluate before it terminates it. */
export const UNWIND_EXPRESSION = `globalThis[Symbol.for(${JSON.stringify(KEY)})]()`;

/** How long the main thread waits for the termination to be posted, so that no user code runs in between. */
const POSTED_WAIT_MS = 200;

function asyncStackClearer(): () => void {
  const quiet = process.noDeprecation;
  try {
    // There is no public way; DEP0111 has no end date, and Node 24 keeps no such stack for AsyncLocalStorage.
    process.noDeprecation = true;
    const binding = (process as unknown as { binding(name: string): { clearAsyncIdStack?: () => void } }).binding('async_wrap');
    return () => binding.clearAsyncIdStack?.();
  } catch {
    return () => {};
  } finally {
    if (quiet === undefined) delete process.noDeprecation;
    else process.noDeprecation = quiet;
  }
}

/** Main thread: makes {@link UNWIND_EXPRESSION} work. */
export function installUnwind(shared: Int32Array): void {
  const clear = asyncStackClearer();
  const unwind = (): void => {
    Atomics.wait(shared, POSTED, 0, POSTED_WAIT_MS);
    clear();
  };
  Object.defineProperty(globalThis, Symbol.for(KEY), { value: unwind, enumerable: false });
}
