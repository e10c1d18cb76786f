import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../guard/index.js';

/** Entry of the kernel's process. */
const MAIN = fileURLToPath(new URL('../kernel/main.js', import.meta.url));

/** Command that Jupyter starts the kernel with; it replaces `{connection_file}`. */
export const kernelArgv = (main = MAIN): string[] => [process.execPath, ...NODE_FLAGS, main, '{connection_file}'];
