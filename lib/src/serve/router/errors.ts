import { defineError } from '../../core/index.js';

export const RouterClosed = defineError('NBS_ROUTER_CLOSED', 503, 'the connection to the cluster was closed; start it again');
