export { installRequest } from './lazy-request.js';
export { Replica } from './replica.js';
export { registerSentRequest } from './sent-request.js';
export { startInstance } from './start-instance.js';
export { StartWatch } from './start-watch.js';
export { installResponse } from './web-response.js';
