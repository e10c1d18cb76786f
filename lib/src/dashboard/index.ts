/** The REST API of a cluster, in a process of its own. */

export { dashboardUrl, startDashboard } from './start-dashboard.js';
