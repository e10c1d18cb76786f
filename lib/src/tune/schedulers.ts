/** The members of `tune.schedulers`. */
export { ASHAScheduler, FIFOScheduler, MedianStoppingRule } from './scheduler.js';
