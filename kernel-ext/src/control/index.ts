export { ControlThread } from './control-thread.js';
export { Interrupter } from './interrupter.js';
export { terminateMain } from './terminate.js';
export { installUnwind } from './unwind.js';
