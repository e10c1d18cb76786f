/**
 * Flags of the Node that executes cells, in the kernel and in the runner. Terminated code leaves the stack of async ids unbalanced
 * (`control/unwind.ts` clears it; the first flag keeps Node from aborting over what is left), and cells may `require` ES modules without a warning.
 */
export const NODE_FLAGS: readonly string[] = ['--no-force-async-hooks-checks', '--disable-warning=ExperimentalWarning'];
