import { fileURLToPath } from 'node:url';

/** Entry of the kernel's process. */
const MAIN = fileURLToPath(new URL('../kernel/main.js', import.meta.url));

/**
 * Flags of the kernel's Node. Terminated code leaves the stack of async ids unbalanced (control/unwind.ts clears it;
 * the first flag keeps Node from aborting over what is left), and cells may `require` ES modules without a warning.
 */
const NODE_FLAGS: readonly string[] = ['--no-force-async-hooks-checks', '--disable-warning=ExperimentalWarning'];

/** Command that Jupyter starts the kernel with; it replaces `{connection_file}`. */
export const kernelArgv = (main = MAIN): string[] => [process.execPath, ...NODE_FLAGS, main, '{connection_file}'];
