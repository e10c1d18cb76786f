export { ControlThread } from './control-thread.js';
export { guarded } from './guard.js';
export { Interrupter } from './interrupter.js';
export { terminateMain } from './terminate.js';
export { afterArrivals, inOwnTurn, nextTurn } from './turns.js';
export { installUnwind } from './unwind.js';
