import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import type { RouteSnapshot } from '../protocol/index.js';
import type { Dispatch, RouterLike } from '../router/index.js';
import { MalformedRequest } from './errors.js';
import { HttpProxy } from './http-proxy.js';

const ROUTES = {
  version: 1,
  routes: [{ prefix: '/', app: 'a', deployment: 'd' }],
  ingresses: {},
  deployments: { 'a/d': { app: 'a', name: 'd', methods: null, http: true, replicas: [], upgrades: true } },
} as unknown as RouteSnapshot;

/** A proxy whose router knows no routes yet. */
async function unrouted(t: TestContext) {
  const sent: Dispatch[] = [];
  const listeners = new Set<(snapshot: RouteSnapshot) => void>();
  const router = {
    snapshot: null as RouteSnapshot | null,
    onSnapshot: (listener: (snapshot: RouteSnapshot) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispatch: (request: Dispatch) => {
      sent.push(request);
      queueMicrotask(() => request.sink.onError(MalformedRequest({ reason: 'sent' })));
      return { done: false, write: () => true, end() {}, cancel() {}, consumed() {} };
    },
  };
  const access = { host: '127.0.0.1', allowedHosts: [], allowedOrigins: [] };
  const proxy = new HttpProxy({ router: router as unknown as RouterLike, token: 'token', bodyIdleMs: 60_000, ...access });
  await once(proxy.server.listen(0, '127.0.0.1'), 'listening');
  const { port } = proxy.server.address() as AddressInfo;
  t.after(() => proxy.close());
  const get = (...headers: string[]): Socket => {
    const lines = ['GET / HTTP/1.1', 'Host: 127.0.0.1', ...headers];
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    return socket;
  };
  const apply = (): void => {
    router.snapshot = ROUTES;
    for (const listener of listeners) listener(ROUTES);
  };
  /** Number of requests that wait for the routes. Some listeners are the proxy's own. */
  const own = listeners.size;
  return { get, sent, apply, waiting: () => listeners.size - own };
}

const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket'];
/** For clients that may see the whole error. */
const SHORT = ['x-request-timeout-seconds: 0.05', 'nbserve-token: token'];
const PLAIN = ['Connection: close'];

for (const [what, headers] of Object.entries({ request: PLAIN, WebSocket: UPGRADE })) {
  test(`a ${what} whose time passes before there are routes is answered with 504`, async (t) => {
    const { get, sent } = await unrouted(t);
    const answer = await text(get(...headers, ...SHORT));
    assert.match(answer, /^HTTP\/1\.1 504 [\s\S]*NBS_REQUEST_TIMEOUT[\s\S]*no answer within 50 ms/);
    assert.equal(sent.length, 0);
  });

  test(`the time that a ${what} has waited for the routes is part of its time`, async (t) => {
    const { get, sent, apply, waiting } = await unrouted(t);
    const socket = get(...headers, 'x-request-timeout-seconds: 60');
    while (waiting() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    apply();
    await text(socket);
    assert.ok((sent[0]?.limit?.leftMs ?? 60_000) < 60_000);
  });

  test(`a ${what} with an invalid time is refused before there are routes`, async (t) => {
    const { get } = await unrouted(t);
    assert.match(await text(get(...headers, 'x-request-timeout-seconds: soon')), /^HTTP\/1\.1 400 [\s\S]*NBS_BAD_TIMEOUT/);
  });
}

test('a request that asks for another protocol than WebSocket does not wait for the routes before it is read', async (t) => {
  const { get } = await unrouted(t);
  const answer = await text(get('Connection: Upgrade, close', 'Upgrade: h2c', ...SHORT));
  assert.match(answer, /^HTTP\/1\.1 504 /);
});
