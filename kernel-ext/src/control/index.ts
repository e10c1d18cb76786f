export { ControlThread } from './control-thread.js';
export { guarded } from './guarded.js';
export { Interrupter } from './interrupter.js';
export { LEGACY_VARIABLE, type PublishedExtras, type Restart, SHARED_INTS, type ShellRequest } from './messages.js';
export { type Parent, parentInNode } from './parent-watch.js';
export { terminateMain } from './terminate.js';
export { afterArrivals, inOwnTurn, nextTurn } from './turns.js';
export { installUnwind } from './unwind.js';
