import { computes, isKernels, isNbserves } from '../debugger/index.js';
import { asyncStackClearer } from './async-stack.js';
import { isolateAddress } from './isolate.js';
import { GUARD, TERMINATION, Termination } from './messages.js';
import { dropTicks } from './tick-storm.js';

const KEY = 'nbserve.kernel.unwind';
const STOPPED_KEY = 'nbserve.kernel.unwind-stopped';

/** Which code may be terminated. The longer the main thread has not answered, the more, because otherwise the whole process would be lost. */
export type Reach = 'user code' | 'what user code called' | 'anything';

/**
 * The expression that the main thread must evaluate before the control thread terminates its code. It calls a global function, because it is evaluated by
 * the inspector. Its value is the address of the thread's isolate, if code is to be terminated.
 */
export const unwindExpression = (reach: Reach): string =>
  `globalThis[Symbol.for(${JSON.stringify(KEY)})](${JSON.stringify(reach)})`;

/**
 * The expression that the main thread must evaluate before code that stands at a breakpoint is terminated, which happens when it continues. Its value says
 * whether the code may be terminated.
 */
export const STOPPED_UNWIND = `globalThis[Symbol.for(${JSON.stringify(STOPPED_KEY)})]()`;

/** How long the main thread waits for the order. While it waits, no user code runs. */
const ORDER_MS = 10_000;

/** How many frames of the stack are checked. */
const FRAMES = 200;

/** Modules of Node without state: code inside of them may be terminated like the user's own. In other modules, a queue or list may be half-written. */
const BOOKLESS =
  /^node:(internal\/)?(zlib|util|util\/.*|fs|fs\/.*|child_process|crypto|crypto\/.*|buffer|path|vm|url|querystring|string_decoder|bootstrap\/switches\/is_main_thread|assert|assert\/.*|v8|validators|errors|encoding|console|console\/.*|structured_clone)$/;

type Unwind = (reach: Reach) => string | undefined;
type StoppedUnwind = () => boolean;

/**
 * The files of the JavaScript that the inspector interrupted, innermost first; '' if one has no name. It is empty if the event loop called the expression.
 * @param called the function that the expression calls
 */
export function interruptedFiles(called: (...parameters: never[]) => unknown): string[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = FRAMES;
    Error.prepareStackTrace = (_, frames) => frames;
    const trace = {} as { stack: NodeJS.CallSite[] };
    Error.captureStackTrace(trace, called);
    // The first remaining frame is the expression's. Built-ins (`map`, `new Promise`) have no file, and evaluated code has no name.
    const frames = trace.stack.slice(1).filter((frame) => frame.getFileName() || frame.isEval());
    return frames.map((frame) => frame.getFileName() ?? '');
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}

const isNode = (file: string): boolean => file.startsWith('node:');
const isLoader = (file: string): boolean => file.startsWith('node:internal/modules/');
const isPackages = (file: string): boolean => /[\\/]node_modules[\\/]/.test(file);

/** True if code may be terminated. @param files the files of its stack, innermost first */
export function mayEnd(files: readonly string[], reach: Reach): boolean {
  // On a slow machine, the kernel's own work may look like user code that blocks. What nbserve loads for itself is its own.
  const outermost = files.findLast((file) => !isNode(file) && !isKernels(file)) ?? '';
  const isServing = (file: string): boolean => isNbserves(file) && !computes(file);
  const isOwn = (file: string): boolean => isKernels(file) || isServing(file) || (isServing(outermost) && isPackages(file));
  const user = files.findIndex((file) => !isNode(file) && !isOwn(file));
  switch (reach) {
    case 'user code':
      // The thread must be in the user's code, and not in code of Node or of the kernel whose state would be left half-written.
      return user >= 0 && files.slice(0, user).every((file) => BOOKLESS.test(file));
    case 'what user code called':
      // In endless microtasks or ticks, the stack has only Node's frames, because V8 has inlined the user's. A module that is being loaded may be anyone's.
      return files.length > 0 && (user >= 0 || (files.every(isNode) && !files.some(isLoader)));
    case 'anything':
      return files.length > 0;
  }
}

export interface UnwindEvents {
  /** Whether the interrupt is done. Then nothing is terminated, because the code that runs belongs to a later cell. */
  isDone(): boolean;
  /** Called right before code is terminated. */
  onTermination(): void;
}

const NO_EVENTS: UnwindEvents = { isDone: () => false, onTermination: () => {} };

/**
 * Is called in the main thread, and makes {@link unwindExpression} and {@link STOPPED_UNWIND} work.
 * @returns a function to call when the interrupt is over, however often code was terminated for it
 */
export function installUnwind(shared: Int32Array, { isDone, onTermination }: UnwindEvents = NO_EVENTS): () => void {
  const clear = asyncStackClearer();
  let restoreTicks: (() => void) | undefined;
  const unwind: Unwind = (reach) => {
    // The question came too late: the control thread no longer waits, or has asked again.
    if (Atomics.load(shared, TERMINATION) !== Termination.ASKED) return undefined;
    const guarded = Atomics.load(shared, GUARD) > 0;
    const isReady = !guarded && !isDone() && mayEnd(interruptedFiles(unwind), reach);
    const address = isReady ? isolateAddress() : undefined;
    Atomics.store(shared, TERMINATION, isReady ? Termination.READY : Termination.REFUSED);
    if (!isReady) return undefined;
    // Not Atomics.wait: the interrupted code may be in one, and V8 allows only one in a thread.
    const end = performance.now() + ORDER_MS;
    while (Atomics.load(shared, TERMINATION) === Termination.READY && performance.now() < end);
    if (Atomics.compareExchange(shared, TERMINATION, Termination.READY, Termination.REFUSED) !== Termination.ORDERED)
      return undefined;
    // There may be endless ticks. V8 drops waiting microtasks, but Node does not drop ticks.
    if (reach !== 'user code') restoreTicks ??= dropTicks();
    onTermination();
    clear();
    return address;
  };
  const unwindStopped: StoppedUnwind = () => {
    if (Atomics.load(shared, GUARD) > 0 || !mayEnd(interruptedFiles(unwindStopped), 'user code')) return false;
    onTermination();
    clear();
    return true;
  };
  for (const [key, value] of [
    [KEY, unwind],
    [STOPPED_KEY, unwindStopped],
  ] as const) {
    Object.defineProperty(globalThis, Symbol.for(key), { value, enumerable: false, configurable: true });
  }
  return () => {
    restoreTicks?.();
    restoreTicks = undefined;
  };
}
