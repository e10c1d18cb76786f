import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isAnyResponse, NbserveError, tellClients, toldText, withFramesOf } from '../../core/index.js';
import { InvalidRequest, NoSuchRoute } from '../../openapi/index.js';
import { IngressRequest } from './ingress-request.js';
import { IngressResponse } from './ingress-response.js';

/** The properties that Fastify adds to its own errors. */
interface FastifyFault {
  readonly code?: unknown;
  readonly message: string;
  readonly statusCode?: unknown;
  /** Present if the request does not match its schema. */
  readonly validation?: unknown;
}

/** Answers with an error that user code does not handle, in the same form as the errors of other deployments. */
export function errorHandler(failureOf: (thrown: unknown) => NbserveError) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (isAnyResponse(error)) return reply.send(error);
    const refusal = notObject(error, request);
    const failure = faultOfRequest(error) ?? refusal ?? failureOf(error);
    // The TypeError may be a fault of the code, too.
    if (failure.status >= 500 || refusal !== null)
      console.error(`${routeText(request)} failed (request ${request.id}): ${failure.stack ?? failure.message}`);
    return answer(request, reply, failure);
  };
}

/** Answers requests for which there is no route, unless user code does so. Call it after all routes are registered. */
export function answerUnknown(app: FastifyInstance): void {
  try {
    app.setNotFoundHandler((request, reply) => {
      const { originalUrl, method } = request;
      const path = originalUrl.split('?', 1)[0] as string;
      const { prefix } = request.raw as IngressRequest;
      return answer(request, reply, exposed(NoSuchRoute({ method, path, docs: `${prefix === '/' ? '' : prefix}/docs` })));
    });
  } catch {
    // User code has set its own handler.
  }
}

function answer(request: FastifyRequest, reply: FastifyReply, failure: NbserveError): FastifyReply {
  const { code, status, expose } = failure;
  if (reply.raw instanceof IngressResponse) reply.raw.failure = failure;
  const told = expose === true ? toldText(failure) : 'the application failed on this request';
  const text = JSON.stringify({ error: { code, message: told, requestId: request.id } });
  return reply.code(status).type('application/json; charset=utf-8').serializer(String).send(text);
}

/** The coded error for an error with which Fastify itself refuses a request; null for any other error. */
function faultOfRequest(error: unknown): NbserveError | null {
  if (!(error instanceof Error)) return null;
  const { validation, statusCode, code, message } = error as FastifyFault;
  if (validation !== undefined && validation !== null && statusCode === 400)
    return exposed(InvalidRequest({ reason: message }, error));
  const isOwn = typeof code === 'string' && code.startsWith('FST_') && typeof statusCode === 'number';
  if (!isOwn || statusCode < 400 || statusCode >= 500) return null;
  return new NbserveError({
    code: InvalidRequest.code,
    status: statusCode,
    message,
    details: { cause: code },
    cause: error,
    expose: true,
  });
}

/** The error for the client if user code failed to read a member of a JSON body that has none, such as `null`; null for any other error. */
function notObject(error: unknown, { body, headers }: FastifyRequest): NbserveError | null {
  const isSimple = body === null || ['number', 'string', 'boolean'].includes(typeof body);
  if (!isSimple || !(error instanceof TypeError) || !/\bjson\b/.test(headers['content-type'] ?? '')) return null;
  const what = body === null ? 'null' : `a ${typeof body}`;
  const told = `the body is ${what}, but the handler expects something else`;
  const refusal = withFramesOf(InvalidRequest({ reason: `${told}: ${error.message}` }, error), error);
  // The message of the TypeError is one of user code.
  return exposed(tellClients(refusal, InvalidRequest({ reason: told }).message));
}

const exposed = (error: NbserveError): NbserveError => Object.assign(error, { expose: true });

const routeText = ({ method, raw }: FastifyRequest): string =>
  `${method} ${raw instanceof IngressRequest ? raw.originalUrl : raw.url}`;
