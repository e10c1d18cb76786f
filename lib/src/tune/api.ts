/** The members of `tune`. */
export { choice, gridSearch, loguniform, randint, uniform } from './domain.js';
export { getCheckpoint, report } from './report.js';
export * as schedulers from './schedulers.js';
export * as search from './searches.js';
export { withResources } from './trainable.js';
export { Tuner } from './tuner.js';
