import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { MalformedRequest } from './errors.js';

const LINGER_MS = 1000;

/** Answers on a connection whose bytes were no acceptable request, and closes it: there is no request object to answer with. */
export function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  // Gone already, or an answer is half written.
  if (error.code === 'ECONNRESET' || socket.destroyed || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const status = STATUS_BY_CODE[error.code ?? ''] ?? 400;
  const code = status === 431 ? 'NBS_HEADERS_TOO_LARGE' : status === 408 ? 'NBS_REQUEST_TOO_SLOW' : MalformedRequest.code;
  const body = JSON.stringify({ error: { code, message: `the request could not be read: ${error.message}` } });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  // Not at once, which would lose the answer; and a client that does not hang up may not keep the connection.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};
