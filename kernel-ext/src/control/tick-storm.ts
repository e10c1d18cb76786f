/**
 * Drops the ticks that user code queues from now on. If ticks queue ticks, the event loop never continues, and a termination does not remove what waits in
 * Node's queue. Node's own ticks still run.
 * @returns a function that undoes it
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
