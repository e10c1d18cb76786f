export { guardErrors, guardExit, NODE_FLAGS } from './process-guard.js';
