import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { hasCode, isErrorStatus, isNbserveError, type NbserveError } from '../core/index.js';
import { Access, bearsToken, HostRefused, showsToken } from '../serve/access/index.js';
import type { ControlApi } from './control-api.js';
import { BadControlCall, ConfigTooLarge, ControlCallFailed, NotAConfigType, Unauthorized, WrongControlMethod } from './errors.js';

/** A larger body is refused before it is parsed. */
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_URL = 4096;
const HEAD_MS = 10_000;
const REQUEST_MS = 30_000;
const TYPES = /^(application\/(json|yaml|x-yaml)|text\/(yaml|x-yaml))\s*(;|$)/i;

export interface ControlServerOptions {
  readonly api: ControlApi;
  readonly token: string;
  /** The address that the server is bound to. */
  readonly host: string;
  readonly allowedHosts: readonly string[];
}

/**
 * HTTP in front of the {@link ControlApi}. Nothing is answered to a page of another origin, to a wrong Host, or without the token: the check is before
 * the path is looked at.
 */
export function createControlServer({ api, token, host, allowedHosts }: ControlServerOptions): Server {
  const access = new Access({ host, allowedHosts, allowedOrigins: [], onlyOwnOrigin: true });
  /** @param awaited whether the client waits for 100 Continue (`body`), or for something that is not understood (`other`) */
  const handle = async (request: IncomingMessage, response: ServerResponse, awaited?: 'body' | 'other'): Promise<unknown> => {
    const refused = request.headers.host === undefined ? HostRefused({ host: '(none)' }) : access.refuse(request);
    if (refused !== null) throw refused;
    if (!bearsToken(request.headers, token) && !showsToken(request.headers, token)) throw Unauthorized();
    if (awaited === 'other') throw BadControlCall({ reason: 'its header expect is not 100-continue' });
    const { body } = await api.answer({
      method: request.method ?? '',
      path: pathOf(request.url ?? ''),
      body: () => {
        if (awaited === 'body') response.writeContinue();
        return bodyOf(request);
      },
    });
    return body;
  };
  const respond = (request: IncomingMessage, response: ServerResponse, awaited?: 'body' | 'other'): void => {
    handle(request, response, awaited).then(
      (value) => answer(response, 200, value),
      (error: unknown) => answerError(request, response, error),
    );
  };
  // A request without a Host is refused above, with a code.
  const server = createServer({ requireHostHeader: false }, (request, response) => respond(request, response));
  // Node would ask for the body before it is known who sends it.
  server.on('checkContinue', (request, response) => respond(request, response, 'body'));
  server.on('checkExpectation', (request, response) => respond(request, response, 'other'));
  // Node would silently drop all headers after the first 2000, perhaps Origin. Their size is limited in any case.
  server.maxHeadersCount = 0;
  // A client that has only finished sending still gets its answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.headersTimeout = HEAD_MS;
  server.requestTimeout = REQUEST_MS;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseRaw(socket, error.message, error.code));
  // A proxy's method, which has no answer of its own.
  server.on('connect', (_, socket) => refuseRaw(socket, 'this server is no proxy'));
  return server;
}

/** @throws NBS_BAD_CONTROL_CALL */
function pathOf(url: string): readonly string[] {
  const [path = ''] = url.split(/[?#]/, 1);
  if (url.length > MAX_URL || !path.startsWith('/')) throw BadControlCall({ reason: 'the path is too long, or is not a path' });
  try {
    return path
      .replace(/^\/|\/$/g, '')
      .split('/')
      .map((part) => decodeURIComponent(part));
  } catch (error) {
    throw BadControlCall({ reason: `the path ${path} is not encoded correctly` }, error);
  }
}

/** @throws NBS_NOT_A_CONFIG_TYPE, NBS_CONFIG_TOO_LARGE, NBS_BAD_CONTROL_CALL */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const type = request.headers['content-type'];
  if (type !== undefined && !TYPES.test(type)) throw NotAConfigType({ type });
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) throw ConfigTooLarge({ maxBytes: MAX_BODY_BYTES });
      chunks.push(chunk);
    }
  } catch (error) {
    if (isNbserveError(error)) throw error;
    throw BadControlCall({ reason: (error as Error).message }, error);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw BadControlCall({ reason: 'the body is not UTF-8' }, error);
  }
}

function answer(response: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}): void {
  if (response.destroyed) return;
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(body);
}

function answerError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const known = coded(error);
  if (known.status >= 500) console.error(error);
  const status = isErrorStatus(known.status) && known.status !== 499 ? known.status : 500;
  // What follows on the connection may be the rest of a body that was not read.
  const headers: Record<string, string> = request.complete ? {} : { connection: 'close' };
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  if (hasCode(known, WrongControlMethod)) headers.allow = String(known.details.allowed);
  answer(response, status, { error: { code: known.code, message: known.message } }, headers);
}

const coded = (error: unknown): NbserveError =>
  isNbserveError(error) ? error : ControlCallFailed({ reason: error instanceof Error ? error.message : String(error) }, error);

const STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Answers bytes that are no request, and closes the connection. */
function refuseRaw(socket: Duplex, reason: string, code = ''): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { message } = BadControlCall({ reason });
  const body = JSON.stringify({ error: { code: BadControlCall.code, message } });
  const head = [
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`HTTP/1.1 ${STATUS[code] ?? '400 Bad Request'}\r\n${head.join('\r\n')}\r\n\r\n${body}`);
}
