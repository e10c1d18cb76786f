import { defineError } from '../core/index.js';

export const Unauthorized = defineError(
  'NBS_UNAUTHORIZED',
  401,
  "send the cluster's token, which `nbserve token` prints: authorization: Bearer <token>, or nbserve-token: <token>",
);
export const NoEndpoint = defineError('NBS_NO_ENDPOINT', 404, 'the REST API has no {path}; it has: {endpoints}');
export const WrongControlMethod = defineError('NBS_WRONG_CONTROL_METHOD', 405, '{path} takes {allowed}, not {method}');
export const ConfigTooLarge = defineError('NBS_CONFIG_TOO_LARGE', 413, 'a configuration has at most {maxBytes} bytes');
export const NotAConfigType = defineError(
  'NBS_NOT_A_CONFIG_TYPE',
  415,
  'a configuration is sent as application/json or application/yaml, not as {type}',
);
export const BadControlCall = defineError('NBS_BAD_CONTROL_CALL', 400, 'the request could not be read: {reason}');
export const ControlCallFailed = defineError('NBS_CONTROL_CALL_FAILED', 500, 'the call failed: {reason}');
export const NotDeployed = defineError('NBS_NOT_DEPLOYED', 400, 'not deployed: {failures}');
