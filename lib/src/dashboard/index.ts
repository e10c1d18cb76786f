/** The REST API of a cluster, in a process of its own. */

export { startDashboard } from './start-dashboard.js';
