export { waitOf } from './deployment-verdict.js';
export { Health } from './health.js';
export { buildStatus } from './status.js';
