import { isNbserveError } from '../../core/index.js';
import { type ClientRequest, type ClientResponse, endAnswer } from './end-answer.js';

const RETRY_AFTER_SECONDS = '1';

export interface ErrorContext {
  readonly requestId: string;
  /** Stacks show paths and code: only for clients of this machine. */
  readonly showStack: boolean;
  /** The connection is not to be used again. */
  readonly close: boolean;
  /** Headers for pages of other origins. */
  readonly cors: readonly string[];
}

/** Answers with `{ "error": { "code", "message", … } }` and the error's status. */
export function answerError(request: ClientRequest, response: ClientResponse, error: Error, context: ErrorContext): void {
  const status = statusOf(error);
  const body = Buffer.from(JSON.stringify({ error: describe(error, context) }));
  const headers = ['content-type', 'application/json; charset=utf-8', 'content-length', String(body.length)];
  headers.push('x-request-id', context.requestId, ...context.cors);
  if (status === 503) headers.push('retry-after', RETRY_AFTER_SECONDS);
  if (status === 405) headers.push('allow', '');
  if (context.close) headers.push('connection', 'close');
  response.writeHead(status, headers);
  endAnswer(request, response, body);
}

function statusOf(error: Error): number {
  if (!isNbserveError(error)) return 500;
  // Between processes, not for clients; and a head that is too large is the answer's: the request's was held to Node's limit.
  if (error.status === 499 || error.status === 431) return 500;
  return error.status >= 400 && error.status <= 599 ? error.status : 500;
}

function describe(error: Error, { requestId, showStack }: ErrorContext): Record<string, unknown> {
  const code = isNbserveError(error) ? error.code : 'NBS_INTERNAL';
  const details = isNbserveError(error) ? error.details : {};
  const description: Record<string, unknown> & { stack?: string } = { code, message: error.message, ...details, requestId };
  if (code !== 'NBS_USER_ERROR') return description;
  if (showStack && error.stack !== undefined) description.stack = error.stack;
  return description;
}
