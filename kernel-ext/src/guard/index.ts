export { NODE_FLAGS } from './node-flags.js';
export { guardErrors, guardExit } from './process-guard.js';
