export { type ControlEvents, ControlThread } from './control-thread.js';
