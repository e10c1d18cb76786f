import { defineError } from '../../core/index.js';

export const NotRunning = defineError('NBS_NOT_RUNNING', 409, 'no cluster runs here; serve.run(…) or serve.start() starts one');
export const NoHttpRoute = defineError(
  'NBS_NO_HTTP_ROUTE',
  404,
  'application {app} has no HTTP route; give it one with serve.run(…, { routePrefix })',
);
export const NotAStream = defineError(
  'NBS_NOT_A_STREAM',
  400,
  '{method} of {deployment} returns one value, not a stream; await it instead of iterating',
);
