export { reportIntervalMs, Traffic } from './traffic.js';
