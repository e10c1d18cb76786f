import { defineError } from 'nbserve/errors';

/** Keeps the process of the cells running, whatever user code does. The kernel, the session and the runner use it. */

const ExitInCell = defineError(
  'NBS_EXIT_IN_CELL',
  409,
  'process.exit() would end the kernel: use "Restart Kernel" or "Shut Down Kernel" of the notebook instead',
);

export type Uncaught = 'uncaughtException' | 'unhandledRejection';

let exit: ((code?: number | string | null) => never) | undefined;
const refusals: (() => boolean)[] = [];
let report: ((kind: Uncaught, error: unknown) => void) | undefined;

/**
 * From now on `process.exit` throws NBS_EXIT_IN_CELL if this `refuses`, or that of an earlier call, returns true.
 * @returns the real `process.exit`
 */
export function guardExit(refuses: () => boolean): (code?: number | string | null) => never {
  refusals.push(refuses);
  if (exit !== undefined) return exit;
  const real = process.exit.bind(process);
  exit = real;
  process.exit = (code) => {
    if (refusals.some((one) => one())) throw ExitInCell();
    return real(code);
  };
  return real;
}

/** From now on uncaught errors go to `tell`, which replaces that of an earlier call, and the process keeps running. */
export function guardErrors(tell: (kind: Uncaught, error: unknown) => void): void {
  const isFirst = report === undefined;
  report = tell;
  if (!isFirst) return;
  for (const kind of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(kind, (error: unknown) => report?.(kind, error));
  }
}

/**
 * Flags for the Node that executes cells, in the kernel and in the runner. Terminated code leaves the stack of async ids unbalanced:
 * `control/unwind.ts` clears it, and the first flag prevents that Node aborts because of the rest. The second lets cells `require` ES modules without a warning.
 */
export const NODE_FLAGS: readonly string[] = ['--no-force-async-hooks-checks', '--disable-warning=ExperimentalWarning'];
