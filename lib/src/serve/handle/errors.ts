import { defineError } from '../../core/index.js';

export const NotRunning = defineError('NBS_NOT_RUNNING', 409, 'no cluster runs here; serve.run(…) or serve.start() starts one');
export const NoHttpRoute = defineError(
  'NBS_NO_HTTP_ROUTE',
  404,
  'application {app} has no HTTP route; give it one with serve.run(…, { routePrefix })',
);
export const NoProxy = defineError(
  'NBS_NO_PROXY',
  404,
  "the cluster answers no HTTP: it was started with proxyLocation 'Disabled'; call by handle, or start it with 'HeadOnly' or 'EveryNode'",
);
export const NotAStream = defineError(
  'NBS_NOT_A_STREAM',
  400,
  '{method} of {deployment} returns one value, not a stream; await it instead of iterating',
);
export const RequestCancelled = defineError('NBS_REQUEST_CANCELLED', 499, '{deployment}: the request was cancelled: {reason}');
export const StreamPassed = defineError(
  'NBS_STREAM_PASSED',
  400,
  '{method} of {deployment} gives a stream, which cannot be an argument of another call; read its items and pass those',
);
export const ResponseNotAwaited = defineError(
  'NBS_RESPONSE_NOT_AWAITED',
  400,
  'the response of {method} of {deployment} is part of a result; await it first, or pass it as an argument of a call',
);
export const AnswerReleased = defineError(
  'NBS_ANSWER_RELEASED',
  410,
  '{method} of {deployment}: the answer was passed to another call, and its replica has let go of it since; await the response before that call ends',
);
