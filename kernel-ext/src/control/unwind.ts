import { asyncStackClearer } from './async-stack.js';
import { isolateAddress } from './isolate.js';
import { GUARD, TERMINATION, Termination } from './messages.js';
import { dropTicks } from './tick-storm.js';

const KEY = 'nbserve.kernel.unwind';

/** What may be terminated: the longer the main thread has not answered, the more, because the whole process would be lost otherwise. */
export type Reach = 'user code' | 'what user code called' | 'anything';

/**
 * Expression that the control thread has the main thread evaluate before it terminates it; it is reached from the inspector, hence global.
 * Its value is the address of the thread's engine, if code is to be ended.
 */
export const unwindExpression = (reach: Reach): string =>
  `globalThis[Symbol.for(${JSON.stringify(KEY)})](${JSON.stringify(reach)})`;

/** How long the main thread waits for the order, so that no user code runs in between. */
const ORDER_MS = 10_000;

/** As much of the stack as is looked at. */
const FRAMES = 200;

/** The kernel's own code. */
const KERNEL = new URL('..', import.meta.url).href;

/** Parts of Node that keep no books: code inside of them may be ended as the user's own. In the others a queue or list may be half-written. */
const BOOKLESS =
  /^node:(internal\/)?(zlib|util|util\/.*|fs|fs\/.*|child_process|crypto|crypto\/.*|buffer|path|vm|url|querystring|string_decoder|bootstrap\/switches\/is_main_thread|assert|assert\/.*|v8|validators|errors|encoding|console|console\/.*|structured_clone)$/;

type Unwind = (reach: Reach) => string | undefined;

/**
 * Files of the JavaScript that the inspector interrupted, innermost first; '' where one has no name. Empty: the event loop calls.
 * @param unwind the function that {@link unwindExpression} calls
 */
function interruptedFiles(unwind: Unwind): string[] {
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

const isNode = (file: string): boolean => file.startsWith('node:');
const isKernel = (file: string): boolean => file.startsWith(KERNEL);

/** Whether code may be terminated. @param files of its stack, innermost first */
function mayEnd(files: readonly string[], reach: Reach): boolean {
  // A slow machine may make the kernel at work look like user code that blocks.
  const user = files.findIndex((file) => !isNode(file) && !isKernel(file));
  switch (reach) {
    case 'user code':
      // The thread must be in code of the user, not in books of Node or of the kernel that would be left half-written.
      return user >= 0 && files.slice(0, user).every((file) => BOOKLESS.test(file));
    case 'what user code called':
      // A storm of microtasks or ticks shows Node's frames only: V8 has inlined those of the user.
      return files.length > 0 && (user >= 0 || files.every(isNode));
    case 'anything':
      return files.length > 0;
  }
}

/**
 * Main thread: makes {@link unwindExpression} work.
 * @param onTermination called right before code is terminated
 * @returns to be called when the interrupt is over, however often code had to be terminated for it
 */
export function installUnwind(shared: Int32Array, onTermination: () => void = () => {}): () => void {
  const clear = asyncStackClearer();
  let restoreTicks: (() => void) | undefined;
  const unwind: Unwind = (reach) => {
    // A question that came too late: the control thread has given up, or asked anew.
    if (Atomics.load(shared, TERMINATION) !== Termination.ASKED) return undefined;
    const guarded = Atomics.load(shared, GUARD) > 0;
    const isReady = !guarded && mayEnd(interruptedFiles(unwind), reach);
    const address = isReady ? isolateAddress() : undefined;
    Atomics.store(shared, TERMINATION, isReady ? Termination.READY : Termination.REFUSED);
    if (!isReady) return undefined;
    // No Atomics.wait: the code that was interrupted may be in one, and V8 has room for one in a thread.
    const end = performance.now() + ORDER_MS;
    while (Atomics.load(shared, TERMINATION) === Termination.READY && performance.now() < end);
    if (Atomics.compareExchange(shared, TERMINATION, Termination.READY, Termination.REFUSED) !== Termination.ORDERED)
      return undefined;
    // It may be a storm. Microtasks that wait are dropped by V8, ticks are not.
    if (reach !== 'user code') restoreTicks ??= dropTicks();
    onTermination();
    clear();
    return address;
  };
  Object.defineProperty(globalThis, Symbol.for(KEY), { value: unwind, enumerable: false, configurable: true });
  return () => {
    restoreTicks?.();
    restoreTicks = undefined;
  };
}
