import { defineError } from '../../core/index.js';

/** The bytes are not HTTP, or HTTP that two readers could read differently. */
export const MalformedRequest = defineError('NBS_MALFORMED_REQUEST', 400, 'the request could not be read: {reason}');
export const NoRoute = defineError('NBS_NO_ROUTE', 404, 'no application at {path}; routes: {routes}');
export const BadTarget = defineError(
  'NBS_BAD_TARGET',
  400,
  'the request target {target} is neither a path nor a URL; send a path such as /chat',
);
export const UnknownExpectation = defineError(
  'NBS_UNKNOWN_EXPECTATION',
  417,
  'the header expect is {value}; the only value that is understood is 100-continue',
);
export const BadTimeout = defineError(
  'NBS_BAD_TIMEOUT',
  400,
  'the header x-request-timeout-seconds is {value}; send a number of seconds above 0, such as 2.5',
);
export const BadAnswer = defineError('NBS_BAD_ANSWER', 502, 'the answer of the deployment cannot be sent over HTTP: {reason}');
export const RequestTooSlow = defineError(
  'NBS_REQUEST_TOO_SLOW',
  408,
  'no part of the request body arrived for {idleMs} ms; send the body without a pause of that length',
);
