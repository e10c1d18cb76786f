import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ClientConnection } from './client-connection.js';
import { MalformedRequest } from './errors.js';

const LINGER_MS = 1000;

/**
 * Answers on a connection whose bytes are not an acceptable request, and closes it. Earlier requests get their answers first, so that this one is
 * never written into one of them. If the body of a request cannot be read, that request gets the error as its answer, unless it has an answer
 * already.
 */
export function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) {
    socket.destroy();
    return;
  }
  const connection = ClientConnection.of(socket);
  // Node reports the error again for the bytes that follow.
  if (connection.isRefused) return;
  connection.isRefused = true;
  connection.takeEnd(socket);
  const { last } = connection;
  if (last === null || last.complete) {
    // Node may have answered by itself meanwhile, with its last answer on this connection. This becomes visible a little later.
    connection.whenAnswered(() => setImmediate(() => answerRaw(error, socket)));
    return;
  }
  const malformed = MalformedRequest({ reason: error.message });
  for (const request of [...connection.open]) request.bodyMalformed(last, malformed);
  connection.whenAnswered(() => close(socket));
}

/** Writes the answer directly, because there is no request object. */
function answerRaw(error: NodeJS.ErrnoException, socket: Socket): void {
  if (socket.destroyed || socket.writableEnded) return;
  const status = STATUS_BY_CODE[error.code ?? ''] ?? 400;
  const code = status === 431 ? 'NBS_HEADERS_TOO_LARGE' : status === 408 ? 'NBS_REQUEST_TOO_SLOW' : MalformedRequest.code;
  const body = JSON.stringify({ error: { code, message: `the request could not be read: ${error.message}` } });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  close(socket);
}

/** Closes with a delay, because otherwise the answer could be lost. A client that does not close its side cannot keep the connection open. */
function close(socket: Socket): void {
  socket.end();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};
