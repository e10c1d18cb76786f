import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import type { Dispatch, RouterLike } from '../router/index.js';
import { ClientConnection } from './client-connection.js';
import { Cors } from './cors.js';
import { Exchange, type ExchangeHost } from './exchange.js';
import { FailureLog } from './failure-log.js';
import { PlainRequest } from './plain-request.js';
import { PlainResponse } from './plain-response.js';

const ROUTE = { prefix: '/', app: 'a', deployment: 'd' } as const;

/** A request, and what of it was sent on. */
function arrived(headers: Record<string, string> = {}) {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }) as unknown as Socket;
  const sent: Dispatch[] = [];
  const router = {
    dispatch: (request: Dispatch) => {
      sent.push(request);
      return { done: false, write: () => true, end() {}, cancel() {}, consumed() {} };
    },
  } as unknown as RouterLike;
  const host = {
    router,
    bodies: { readBy() {}, answered() {} },
    token: 'token',
    failures: new FailureLog(),
    secure: false,
    draining: false,
    cors: new Cors([]),
    flushLater() {},
  } as unknown as ExchangeHost;
  const head = {
    method: 'GET',
    url: '/',
    headers: { host: 'h', ...headers },
    rawHeaders: ['host', 'h'],
    headBytes: 0,
    bodyBytes: 0,
  };
  const response = new PlainResponse(socket, { answered() {} }, '');
  const exchange = new Exchange(host, ClientConnection.of(socket), new PlainRequest(head, null, socket), response, 'id');
  return { exchange, router, sent };
}

test('a request whose client has left while it waited for the routes is not sent on', () => {
  const { exchange, router, sent } = arrived();
  exchange.abandon();
  exchange.forward(ROUTE, '/', router);
  assert.equal(sent.length, 0);
});

test('the time that a client gives a request includes the wait for the routes', () => {
  const { exchange, router, sent } = arrived({ 'x-request-timeout-seconds': '2' });
  exchange.forward(ROUTE, '/', router, 500);
  assert.equal(sent[0]?.limit?.leftMs, 1500);
});
