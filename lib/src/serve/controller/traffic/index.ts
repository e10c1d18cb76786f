export { reportIntervalMs } from './report-interval.js';
export { Traffic } from './traffic.js';
