import { defineError } from '../core/index.js';

/** The application refuses a request. The status is 422 if the request does not match its types or schema, and otherwise the one that Fastify has chosen. */
export const InvalidRequest = defineError('NBS_INVALID_REQUEST', 422, '{reason}');
export const NoSuchRoute = defineError(
  'NBS_NO_SUCH_ROUTE',
  404,
  'the application has no route for {method} {path}; it describes its routes at {docs}',
);
