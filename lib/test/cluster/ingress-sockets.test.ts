import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { serve } from 'nbserve';
import { WebSocket } from 'ws';
import { errorOf, send } from '../fixtures/http-client.js';
import { KitchenDeployment, plain } from '../fixtures/ingress-apps.js';
import { RawConnection, statuses } from '../fixtures/raw-http.js';
import { until } from '../fixtures/wait.js';

let url = '';

before(async () => {
  await serve.start({ port: 0 });
  ({ url } = await serve.run(KitchenDeployment.bind(), { name: 'kitchen', routePrefix: '/kitchen' }));
  await serve.run(plain.bind(), { name: 'plain', routePrefix: '/plain' });
});
after(() => serve.shutdown());

const socketUrl = (path: string): string => url.replace('http:', 'ws:') + path;

async function connect(path: string, headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = new WebSocket(socketUrl(path), { headers });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return socket;
}

const next = (socket: WebSocket): Promise<Buffer> => new Promise((resolve) => socket.once('message', resolve));

const seen = async (line: string): Promise<void> => {
  await until(async () => (JSON.parse((await send(`${url}/seen`)).text) as string[]).includes(line));
};

/** Returns the status with which an upgrade is refused. */
function refused(address: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  const socket = new WebSocket(address, { headers });
  return new Promise((resolve, reject) => {
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
    });
    socket.once('open', () => reject(new Error('it was accepted')));
    socket.once('error', () => {});
  });
}

test('messages are sent both ways, as texts and bytes, also large ones', async () => {
  const socket = await connect('/echo?a=1');
  socket.send('hello');
  assert.equal(String(await next(socket)), '/echo?a=1 hello');
  const large = Buffer.alloc(5 * 1024 * 1024, 'ab');
  socket.send(large);
  assert.ok(large.equals(await next(socket)));
  socket.close(1001);
  await new Promise((resolve) => socket.once('close', resolve));
  await seen('socket closed 1001');
});

test('many sockets can be open at once, and if a client vanishes, only its socket closes', async () => {
  const sockets = await Promise.all(Array.from({ length: 200 }, () => connect('/echo')));
  for (const [n, socket] of sockets.entries()) socket.send(`n${n}`);
  const answers = await Promise.all(sockets.map(next));
  for (const [n, answer] of answers.entries()) assert.equal(String(answer), `/echo n${n}`);
  sockets[0]?.terminate();
  await seen('socket closed 1006');
  sockets[1]?.send('still');
  assert.equal(String(await next(sockets[1] as WebSocket)), '/echo still');
  for (const socket of sockets) socket.terminate();
});

test('hooks, access rules and missing routes refuse an upgrade with their status', async () => {
  assert.equal(await refused(socketUrl('/echo'), { 'x-refuse': '1' }), 401);
  assert.equal(await refused(socketUrl('/nowhere')), 404);
  assert.equal(await refused(socketUrl('/echo'), { origin: 'https://other.example' }), 403);
  assert.equal(await refused(socketUrl('/echo'), { 'x-request-timeout-seconds': 'soon' }), 400);
  assert.equal(await refused(`${new URL(socketUrl('')).origin}/none`), 404);
});

test('an upgrade is a plain request if the deployment has no sockets, or if the protocol is not WebSocket', async () => {
  const other = url.replace('/kitchen', '/plain');
  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'x'.repeat(22),
  };
  assert.deepEqual(
    [(await send(other, { headers: upgrade })).status, (await send(other, { headers: upgrade })).text],
    [200, 'plain'],
  );
  const h2c = {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAMAAABk',
    'content-type': 'application/json',
  };
  assert.equal((await send(`${url}/body`, { method: 'POST', headers: h2c }, '{"a":1}')).text, '{"body":{"a":1}}');
  const broken = await send(`${url}/echo`, { headers: { ...upgrade, 'sec-websocket-key': 'short' } });
  assert.equal(broken.status, 400);
});

test('if an upgrade is refused with a response, the connection ends behind it', async () => {
  const answer = async (path: string, ...more: string[]): Promise<number[]> => {
    const raw = new RawConnection(url);
    const lines = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ];
    raw.write(`${[`GET /kitchen${path} HTTP/1.1`, 'Host: localhost', ...lines, ...more].join('\r\n')}\r\n\r\n`);
    return statuses(await raw.closed);
  };
  assert.deepEqual(await answer('/%ff'), [400]);
  assert.deepEqual(await answer('/echo', 'X-Refuse: 1'), [401]);
  assert.deepEqual(await answer('/echo', 'Sec-WebSocket-Version: 99'), [400]);
});

test('a request with a body, and one of HTTP/1.0, are plain requests although they ask for a WebSocket', async () => {
  const head = (version: string, more = ''): string =>
    `GET /kitchen/text HTTP/${version}\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`;
  const last = 'GET /kitchen/text HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  for (const [bytes, answers] of [
    [`${head('1.1', 'Content-Length: 5\r\n')}hello${last}`, 2],
    [`${head('1.1', 'Transfer-Encoding: chunked\r\n')}5\r\nhello\r\n0\r\n\r\n${last}`, 2],
    [head('1.0'), 1],
  ] as const) {
    const raw = new RawConnection(url);
    raw.write(bytes);
    assert.deepEqual(statuses(await raw.closed), Array(answers).fill(200), bytes);
  }
});

test('after an upgrade that was not done, the connection can be used again', async () => {
  const raw = new RawConnection(url);
  const head = `Host: ${new URL(url).host}\r\n`;
  raw.write(`GET /plain HTTP/1.1\r\n${head}Connection: Upgrade\r\nUpgrade: other\r\n\r\n`);
  await raw.until(/plain$/);
  raw.write(`GET /plain?again HTTP/1.1\r\n${head}\r\n`);
  await raw.until(/plain[\s\S]*plain$/);
  raw.socket.destroy();
  // The upgrade follows a request that is not answered yet, and comes before another one. Node's server reads all three.
  const ahead = new RawConnection(url);
  const other = `${head}X-Latin: \u00e4\r\n`;
  const upgrade = `GET /plain?2 HTTP/1.1\r\n${head}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  ahead.write(`GET /plain?1 HTTP/1.1\r\n${other}\r\n${upgrade}GET /plain?3 HTTP/1.1\r\n${head}Connection: close\r\n\r\n`);
  assert.equal((await ahead.closed).match(/HTTP\/1\.1 200/g)?.length, 3);
});

test('if the replica dies, its sockets close and new ones reach the next replica', async () => {
  const socket = await connect('/echo');
  const { applications } = await serve.status();
  const pid = applications.kitchen?.deployments.Kitchen?.replicas[0]?.pid as number;
  process.kill(pid, 'SIGKILL');
  await new Promise((resolve) => socket.once('close', resolve));
  const again = await connect('/echo');
  again.send('back');
  assert.equal(String(await next(again)), '/echo back');
  again.terminate();
});

test('if an application is deleted, its sockets are closed properly', async () => {
  const socket = await connect('/echo');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await serve.delete('kitchen');
  assert.equal(await closed, 1005);
  assert.equal(await refused(socketUrl('/echo')), 404);
  assert.equal(errorOf(await send(`${url}/echo`)).code, 'NBS_NO_ROUTE');
});
