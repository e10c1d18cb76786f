import { asyncStackClearer } from './async-stack.js';
import { GUARD, TERMINATION } from './messages.js';
import { Termination } from './termination.js';

const KEY = 'nbserve.kernel.unwind';

/** Expression that the control thread has the main thread evaluate before it terminates it; it is reached from the inspector, hence global. */
export const UNWIND_EXPRESSION = `globalThis[Symbol.for(${JSON.stringify(KEY)})]()`;

/** How long the main thread waits for the order, so that no user code runs in between. */
const ORDER_MS = 10_000;

/** As much of the stack as is looked at. */
const FRAMES = 200;

/** The kernel's own code. */
const KERNEL = new URL('..', import.meta.url).href;

/**
 * Files of the JavaScript that the inspector interrupted, innermost first; '' where one has no name. Empty: the event loop calls.
 * @param unwind the function that {@link UNWIND_EXPRESSION} calls
 */
function interruptedFiles(unwind: () => void): string[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = FRAMES;
    Error.prepareStackTrace = (_, frames) => frames;
    const trace = {} as { stack: NodeJS.CallSite[] };
    Error.captureStackTrace(trace, unwind);
    // The first frame left is the expression's. Built-ins (`map`, `new Promise`) are nobody's; evaluated code has no name either.
    const frames = trace.stack.slice(1).filter((frame) => frame.getFileName() || frame.isEval());
    return frames.map((frame) => frame.getFileName() ?? '');
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}

/** Whether the code that the inspector interrupted may be terminated. */
function verdict(shared: Int32Array, unwind: () => void): (typeof Termination)['READY' | 'AGAIN' | 'REFUSED'] {
  if (Atomics.load(shared, GUARD) > 0) return Termination.REFUSED;
  const files = interruptedFiles(unwind);
  // Node keeps books that must not be left half-written: its stack of async ids, its queues.
  if (files[0]?.startsWith('node:')) return Termination.AGAIN;
  // A slow machine may make the kernel at work look like user code that blocks.
  const foreign = files.some((file) => !file.startsWith('node:') && !file.startsWith(KERNEL));
  return foreign ? Termination.READY : Termination.REFUSED;
}

/**
 * Main thread: makes {@link UNWIND_EXPRESSION} work.
 * @param onTermination called right before code is terminated
 */
export function installUnwind(shared: Int32Array, onTermination: () => void = () => {}): void {
  const clear = asyncStackClearer();
  const unwind = (): void => {
    // A question that came too late: the control thread has given up, or asked anew.
    if (Atomics.load(shared, TERMINATION) !== Termination.ASKED) return;
    const state = verdict(shared, unwind);
    Atomics.store(shared, TERMINATION, state);
    if (state !== Termination.READY) return;
    // No Atomics.wait: the code that was interrupted may be in one, and V8 has room for one in a thread.
    const end = performance.now() + ORDER_MS;
    while (Atomics.load(shared, TERMINATION) === Termination.READY && performance.now() < end);
    if (Atomics.compareExchange(shared, TERMINATION, Termination.READY, Termination.REFUSED) !== Termination.ORDERED) return;
    onTermination();
    clear();
  };
  Object.defineProperty(globalThis, Symbol.for(KEY), { value: unwind, enumerable: false });
}
