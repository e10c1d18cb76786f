/**
 * Lets no code of the user's queue a tick. Ticks that queue ticks keep the event loop from ever going round, and what waits in Node's queue outlives
 * a termination. Node's own ticks still run.
 * @returns takes it back
 */
export function dropTicks(): () => void {
  const own = process.nextTick;
  const filtered = (callback: (...args: unknown[]) => void, ...args: unknown[]): void => {
    if (callerFile(filtered).startsWith('node:')) own(callback, ...args);
  };
  process.nextTick = filtered as typeof process.nextTick;
  return () => {
    if (process.nextTick === filtered) process.nextTick = own;
  };
}

function callerFile(callee: (...args: never[]) => unknown): string {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_, [frame]) => frame?.getFileName() ?? '';
    const trace = {} as { stack: string };
    Error.captureStackTrace(trace, callee);
    return trace.stack;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}
