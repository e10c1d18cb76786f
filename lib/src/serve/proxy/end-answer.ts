import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PlainRequest } from './plain-request.js';
import { PlainResponse } from './plain-response.js';

/** A request, read by Node or as a plain one. */
export type ClientRequest = IncomingMessage | PlainRequest;
export type ClientResponse = ServerResponse | PlainResponse;

/** Node writes texts up to this size from the stack. */
const ONE_WRITE_BYTES = 16 * 1024;
/** How long a client that is still sending may take to see its answer before the connection is closed under it. */
const LINGER_MS = 5000;

/** The client waits to be told that its body is wanted (RFC 9110, section 10.1.1); before HTTP/1.1 nobody can be told. */
export function asksForContinue(request: ClientRequest): request is IncomingMessage {
  return 'httpVersion' in request && request.httpVersion === '1.1' && request.headers.expect !== undefined;
}

/**
 * To be called before an answer's head is written that asks for no body. A client that waits to be told to send it may send it now, or something else:
 * nobody could tell, so the connection ends with this answer.
 */
export function answerWithoutBody(request: ClientRequest, response: ClientResponse): void {
  if (asksForContinue(request)) (response as ServerResponse).shouldKeepAlive = false;
}

/**
 * Ends an answer whose head was written, with its last bytes.
 * @throws where these are not as many as its content-length said
 */
export function endAnswer(request: ClientRequest, response: ClientResponse, bytes: Uint8Array | null): void {
  if (response instanceof PlainResponse) response.end(bytes);
  else if (!request.complete && !response.shouldKeepAlive) linger(request as IncomingMessage, response, bytes);
  else if (bytes === null) response.end();
  else if (bytes.length > ONE_WRITE_BYTES || response.chunkedEncoding || response.strictContentLength) response.end(bytes);
  else endWithText(response, bytes);
}

/**
 * Closing a connection on which the client is still sending resets it, and the answer may be lost with it: so the answer goes out,
 * and the end waits until the client has sent everything (RFC 9112, section 9.6).
 */
function linger(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array | null): void {
  if (bytes === null) response.flushHeaders();
  else response.write(bytes);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  request.once('end', end);
  request.once('close', end);
  request.resume();
}

/**
 * Head and body in one plain write. Bytes would make it a gathered write of three parts, and `end(text)` one of two (the second empty),
 * which cost more; so the body goes as text of one byte per character, and leaves before the end is told.
 */
function endWithText(response: ServerResponse, bytes: Uint8Array): void {
  const { socket } = response;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  if (socket === null || socket.writableCorked > 0) {
    response.end(text, 'latin1');
    return;
  }
  socket.cork();
  response.write(text, 'latin1');
  socket.uncork();
  response.end();
}
