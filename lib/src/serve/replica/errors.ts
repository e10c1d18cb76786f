import { defineError } from '../../core/index.js';

/** User code threw this while it answered HTTP. The stack is that of the thrown error. */
export const UserError = defineError('NBS_USER_ERROR', 500, '{message}');
export const BadJson = defineError('NBS_BAD_JSON', 400, 'the request body is not valid JSON: {reason}');
export const BodyNotObject = defineError(
  'NBS_BODY_NOT_OBJECT',
  400,
  'the request body is {what}, but the handler expects something else: {reason}; send what it reads, for example a JSON object',
);
export const BadForm = defineError('NBS_BAD_FORM', 400, 'the request body is not a valid form: {reason}');
export const NoWorkingDir = defineError(
  'NBS_NO_WORKING_DIR',
  500,
  '{deployment}: runtimeEnv.workingDir: the folder {folder} does not exist on the machine of node {node} ({host}); working folders are not sent to other machines: make it there, or keep the deployment on nodes that have it by a custom resource',
);
/** The fetch standard allows no body for these methods, so it would be lost if such a request were passed on. */
export const BodyNotPassedOn = defineError(
  'NBS_BODY_NOT_PASSED_ON',
  400,
  'a {method} request with a body cannot be passed to fetch() or new Request(), whose standard allows none for {method}; read the body with request.text(), or send it with POST',
);
export const NoJsonForm = defineError(
  'NBS_NO_JSON_FORM',
  500,
  '{deployment}: {where} is {what}, which has no JSON form; {remedy}',
);
export const NotAwaited = defineError(
  'NBS_NOT_AWAITED',
  500,
  '{deployment}: {where} of the answer is a promise that was not awaited; write await before the call that gives it',
);
export const InvalidResponse = defineError('NBS_INVALID_RESPONSE', 500, '{deployment}: the Response cannot be sent: {reason}');
export const Stuck = defineError(
  'NBS_STUCK',
  500,
  '{deployment}: {what} was cancelled and still ran {timeoutMs} ms later; the replica is replaced (stuckTimeout)',
);
export const StartNotDone = defineError(
  'NBS_START_NOT_DONE',
  504,
  '{deployment} was not up within {timeoutMs} ms (startupTimeout): it waits for {what}. A replica is up when the promises in its fields are fulfilled and its models are loaded; raise startupTimeout, or create a promise that is not part of the start only when it is first needed',
);
export const AlreadyInitialized = defineError(
  'NBS_ALREADY_INITIALIZED',
  409,
  'replica {replica} is {state} already; a replica is initialized once',
);
export const NotConstructible = defineError(
  'NBS_NOT_CONSTRUCTIBLE',
  400,
  'deployment {deployment}: the shipped code is {what}; a class or a function is needed',
);
export const NoReconfigure = defineError(
  'NBS_NO_RECONFIGURE',
  400,
  '{deployment} was given a userConfig and has no method reconfigure(userConfig) that takes it',
);
export const NoSuchMethod = defineError('NBS_NO_SUCH_METHOD', 400, '{deployment} has no method {method}; it has: {methods}');
/** Users see it as the cause of NBS_ANSWER_LOST. */
export const NotKept = defineError('NBS_NOT_KEPT', 404, 'its caller has let go of it');
