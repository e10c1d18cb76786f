import type { IncomingMessage, ServerResponse } from 'node:http';
import { ClientConnection } from './client-connection.js';
import type { PlainRequest } from './plain-request.js';
import { PlainResponse } from './plain-response.js';

/** A request that was read by Node or as a plain one. */
export type ClientRequest = IncomingMessage | PlainRequest;
export type ClientResponse = ServerResponse | PlainResponse;

/** Up to this size, Node writes texts from the stack. */
const ONE_WRITE_BYTES = 16 * 1024;
/** If a client is still sending, it gets this long to read its answer before the connection is closed. */
const LINGER_MS = 5000;

/** Whether the client waits for 100 Continue before it sends its body (RFC 9110, section 10.1.1). Before HTTP/1.1 there was no such answer. */
export function asksForContinue(request: ClientRequest): request is IncomingMessage {
  return 'httpVersion' in request && request.httpVersion === '1.1' && request.headers.expect !== undefined;
}

/**
 * To be called before the head of an answer is written, if the request's body is not wanted. A client that waits for 100 Continue may now send its
 * body or another request, and the two cannot be distinguished. So the connection ends with this answer.
 */
export function answerWithoutBody(request: ClientRequest, response: ClientResponse): void {
  if (asksForContinue(request)) (response as ServerResponse).shouldKeepAlive = false;
}

/**
 * Ends an answer whose head was written, with its last bytes.
 * @param onWrongLength called if the number of bytes differs from the content-length; the caller then ends the connection
 */
export function endAnswer(
  request: ClientRequest,
  response: ClientResponse,
  bytes: Uint8Array | null,
  onWrongLength = (): void => void response.destroy(),
): void {
  try {
    if (response instanceof PlainResponse) {
      response.end(bytes);
      return;
    }
    const isWhole = !response.strictContentLength;
    // If there were more bytes than that, the rest would be read as another answer. If there were fewer, the client would wait for them.
    response.strictContentLength = true;
    if (!request.complete && !response.shouldKeepAlive && !isUnreadable(request as IncomingMessage))
      linger(request as IncomingMessage, response, bytes, onWrongLength);
    else if (bytes === null) response.end();
    else if (bytes.length > ONE_WRITE_BYTES || response.chunkedEncoding || !isWhole) response.end(bytes);
    else endWithText(response, bytes);
  } catch {
    onWrongLength();
  }
}

/** Whether the request's body is malformed, so that nothing more is read from the connection. Whoever answers that closes it. */
const isUnreadable = (request: IncomingMessage): boolean => ClientConnection.of(request.socket).isRefused;

/**
 * Ends an answer while the client is still sending. If the connection were closed now, it would be reset and the answer could be lost. So the answer
 * is sent, and the end waits until the client has sent everything (RFC 9112, section 9.6).
 */
function linger(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array | null, onWrongLength: () => void): void {
  if (bytes === null) response.flushHeaders();
  else response.write(bytes);
  const end = (): void => {
    clearTimeout(timer);
    if (response.writableEnded || response.destroyed) return;
    try {
      response.end();
    } catch {
      onWrongLength();
    }
  };
  const timer = setTimeout(end, LINGER_MS);
  request.once('end', end);
  request.once('close', end);
  request.resume();
}

/**
 * Writes head and body in one simple write. With bytes, Node would make a gathered write of three parts, and with `end(text)` one of two parts (the
 * second empty); both are slower. So the body is written as a text with one byte for each character, before the answer is ended.
 */
function endWithText(response: ServerResponse, bytes: Uint8Array): void {
  const { socket } = response;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  if (socket === null || socket.writableCorked > 0) {
    response.end(text, 'latin1');
    return;
  }
  socket.cork();
  try {
    response.write(text, 'latin1');
  } finally {
    socket.uncork();
  }
  response.end();
}
