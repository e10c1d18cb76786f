export { KeyboardInterrupt } from './keyboard-interrupt.js';
export { guardErrors, guardExit, NODE_FLAGS } from './process-guard.js';
