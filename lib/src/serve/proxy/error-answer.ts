import { isErrorStatus, isNbserveError } from '../../core/index.js';
import { type ClientRequest, type ClientResponse, endAnswer } from './end-answer.js';
import type { FailureLog } from './failure-log.js';
import { INTERNAL, strangerError } from './stranger-error.js';

const RETRY_AFTER_SECONDS = '1';

export interface ErrorContext {
  readonly requestId: string;
  /** True if the client sent the cluster's token; then it may see everything. */
  readonly isTrusted: boolean;
  /** True if the connection must not be used again. */
  readonly close: boolean;
  /** Further headers: name, value, name, value, … */
  readonly headers: readonly string[];
  /** The log gets the details that the client does not get. */
  readonly log: FailureLog;
}

/** Answers with `{ "error": { "code", "message", … } }` and the error's status. */
export function answerError(request: ClientRequest, response: ClientResponse, error: Error, context: ErrorContext): void {
  const status = statusOf(error);
  const body = Buffer.from(JSON.stringify({ error: errorFields(request, error, status, context) }));
  const headers = ['content-type', 'application/json; charset=utf-8', 'content-length', String(body.length)];
  headers.push('x-request-id', context.requestId, ...context.headers);
  if (status === 503) headers.push('retry-after', RETRY_AFTER_SECONDS);
  if (status === 405) headers.push('allow', '');
  if (context.close) headers.push('connection', 'close');
  response.writeHead(status, headers);
  endAnswer(request, response, body);
}

function statusOf(error: Error): number {
  if (!isNbserveError(error)) return 500;
  // Status 499 is used only between processes. Status 431 is about the head of the answer here, because the request's head has passed Node's limit.
  if (error.status === 499 || error.status === 431) return 500;
  return isErrorStatus(error.status) ? error.status : 500;
}

function errorFields(request: ClientRequest, error: Error, status: number, context: ErrorContext): Record<string, unknown> {
  const { requestId, isTrusted, log } = context;
  if (isTrusted) return wholeStory(error, requestId);
  const { code, message, withholds } = strangerError(error, status);
  // The replica has already logged an error of user code, with its stack.
  const isWritten = isNbserveError(error) && error.expose === false;
  if (withholds && !isWritten && status >= 500) log.tell(request, status, error, requestId);
  return { code, message, requestId };
}

function wholeStory(error: Error, requestId: string): Record<string, unknown> {
  const { message } = error;
  if (!isNbserveError(error)) return { code: INTERNAL, message, requestId };
  const { code, details, stack } = error;
  return { code, message, ...details, requestId, ...(code === 'NBS_USER_ERROR' && stack !== undefined ? { stack } : {}) };
}
