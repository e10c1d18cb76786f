import {
  exposeOf,
  isAboutInput,
  isNbserveError,
  NbserveError,
  plainText,
  statusOf,
  tellClients,
  toldText,
  wholeStack,
} from '../../core/index.js';
import { badBody } from './bad-body.js';
import { UserError } from './errors.js';

/** Statuses of coded errors that are kept if user code does not catch the error: the cluster is busy, and the code is not wrong. */
const PASSED_ON = new Set([408, 429, 503, 504]);
/** Errors that say more than that user code failed. */
const TOLD = new Set([
  'NBS_BODY_NOT_OBJECT',
  'NBS_NO_JSON_FORM',
  'NBS_NOT_AWAITED',
  'NBS_INVALID_RESPONSE',
  'NBS_BODY_NOT_PASSED_ON',
  'NBS_NO_MODEL_ID',
  'NBS_BATCH_LENGTH',
]);

/**
 * The error for an HTTP client, made of what user code threw. It keeps the stack, with those of the causes.
 * `expose` is true if the client may see the message: the error itself says so, or the request caused it.
 */
export function httpFailure(thrown: unknown): NbserveError {
  if (isNbserveError(thrown) && PASSED_ON.has(thrown.status)) return thrown;
  if (isNbserveError(thrown) && TOLD.has(thrown.code)) return told(thrown);
  // The client's data is wrong, so this must not count against a canary.
  if (isAboutInput(thrown)) return told(thrown);
  const bad = badBody(thrown);
  if (bad !== null) return told(bad);
  const { message, name, stack, code } = asError(thrown);
  const status = statusOf(thrown) ?? UserError.status;
  const failure = new NbserveError({
    code: UserError.code,
    status,
    message,
    details: { name, ...(typeof code === 'string' ? { cause: code } : {}) },
    cause: thrown,
    expose: status < 500,
    ...exposeOf(thrown),
  });
  if (stack !== undefined)
    Object.defineProperty(failure, 'stack', { value: thrown instanceof Error ? wholeStack(thrown) : stack });
  return thrown instanceof Error && thrown.message === message ? tellClients(failure, toldText(thrown)) : failure;
}

const told = (error: NbserveError): NbserveError => Object.assign(error, { expose: error.status < 500 });

function asError(thrown: unknown): { message: string; name: string; stack?: string | undefined; code?: unknown } {
  if (typeof thrown === 'object' && thrown !== null && typeof (thrown as Error).message === 'string') return thrown as Error;
  return { message: plainText(thrown), name: 'Error' };
}
