import { defineError } from 'nbserve/errors';

/** What keeps the process of the cells alive, whatever user code does to it. The kernel and the session share it. */

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
 * From now on `process.exit` throws NBS_EXIT_IN_CELL while `refuses` says so, or what an earlier call gave.
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

/** Errors that nobody catches go to `tell`, in place of what an earlier call gave, and the process goes on. */
export function guardErrors(tell: (kind: Uncaught, error: unknown) => void): void {
  const isFirst = report === undefined;
  report = tell;
  if (!isFirst) return;
  for (const kind of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(kind, (error: unknown) => report?.(kind, error));
  }
}

/**
 * Flags of the Node that executes cells, in the kernel and in the runner. Terminated code leaves the stack of async ids unbalanced
 * (`control/unwind.ts` clears it; the first flag keeps Node from aborting over what is left), and cells may `require` ES modules without a warning.
 */
export const NODE_FLAGS: readonly string[] = ['--no-force-async-hooks-checks', '--disable-warning=ExperimentalWarning'];
