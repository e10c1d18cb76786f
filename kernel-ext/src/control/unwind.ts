import { GUARD, TERMINATION } from './messages.js';
import { Termination } from './termination.js';

const KEY = 'nbserve.kernel.unwind';

/** Expression that the control thread has the main thread evaluate before it terminates it; it is reached from the inspector, hence global. */
export const UNWIND_EXPRESSION = `globalThis[Symbol.for(${JSON.stringify(KEY)})]()`;

/** How long the main thread waits for the order, so that no user code runs in between. */
const ORDER_MS = 10_000;

/** Frames of {@link isInsideJavaScript}, {@link installUnwind}'s function and the expression. */
const OWN_FRAMES = 3;

/**
 * Why this exists: in Node 20 `AsyncLocalStorage` keeps a stack of async ids. V8's termination unwinds JavaScript without
 * popping that stack, and Node aborts the process at the end of the callback ("execution_async_id() == 0", callback.cc).
 * So the stack is cleared in the same breath as the termination.
 */
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

/** Whether the inspector interrupted JavaScript, or the event loop calls. */
function isInsideJavaScript(): boolean {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = OWN_FRAMES + 1;
    Error.prepareStackTrace = (_, frames) => frames.length;
    const { stack } = new Error() as unknown as { stack: number };
    return stack > OWN_FRAMES;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}

/** Main thread: makes {@link UNWIND_EXPRESSION} work. */
export function installUnwind(shared: Int32Array): void {
  const clear = asyncStackClearer();
  const unwind = (): void => {
    // A question that came too late: the control thread has given up, or asked anew.
    if (Atomics.load(shared, TERMINATION) !== Termination.ASKED) return;
    if (Atomics.load(shared, GUARD) > 0 || !isInsideJavaScript()) {
      Atomics.store(shared, TERMINATION, Termination.REFUSED);
      return;
    }
    Atomics.store(shared, TERMINATION, Termination.READY);
    // No Atomics.wait: the code that was interrupted may be in one, and V8 has room for one in a thread.
    const end = performance.now() + ORDER_MS;
    while (Atomics.load(shared, TERMINATION) === Termination.READY && performance.now() < end);
    if (Atomics.compareExchange(shared, TERMINATION, Termination.READY, Termination.REFUSED) === Termination.ORDERED) clear();
  };
  Object.defineProperty(globalThis, Symbol.for(KEY), { value: unwind, enumerable: false });
}
