import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { Agent, get, request } from 'node:https';
import { createConnection } from 'node:net';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { isNbserveError, serve } from 'nbserve';
import { WebSocket } from 'ws';
import { listLocalClusters } from '../../dist/engine/index.js';
import { killAndAwaitSuccessor } from '../fixtures/cluster-processes.js';
import { KitchenDeployment } from '../fixtures/ingress-apps.js';
import { until } from '../fixtures/wait.js';

const FOLDER = fileURLToPath(new URL('../../test/fixtures/tls/', import.meta.url));
const https = { cert: `${FOLDER}server.crt`, key: `${FOLDER}server.key` };
const ca = readFileSync(https.cert);
const agent = new Agent({ ca, keepAlive: true, maxSockets: 2, checkServerIdentity: () => undefined });

const Echo = serve.deployment(
  class Echo {
    async fetch(request: Request) {
      if (request.method === 'GET') return Response.json({ url: request.url, built: new Request(request).url });
      return new Response(await request.text());
    }
  },
);

let url = '';
before(async () => {
  await serve.start({ port: 0, https });
  await serve.run(Echo.bind(), { name: 'echo', routePrefix: '/' });
  await serve.run(KitchenDeployment.bind(), { name: 'kitchen', routePrefix: '/kitchen' });
  ({ url } = await serve.status());
});
after(async () => {
  agent.destroy();
  await serve.shutdown();
});

async function post(body: string | Buffer, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
  const sent = request(url, { agent, method: 'POST', headers });
  sent.end(body);
  const [response] = await once(sent, 'response');
  return { status: response.statusCode, body: Buffer.concat(await response.toArray()).toString() };
}

test('with a certificate, HTTP is answered over TLS and the status says https', async () => {
  assert.match(url, /^https:\/\/127\.0\.0\.1:\d+$/);
  assert.deepEqual(await post('hello'), { status: 200, body: 'hello' });
  const large = 'x'.repeat(3_000_000);
  assert.equal((await post(large)).body, large);
  const chunked = await post('in chunks', { 'transfer-encoding': 'chunked' });
  assert.deepEqual(chunked, { status: 200, body: 'in chunks' });
});

test('the names in Host and Origin are checked as without TLS', async () => {
  assert.equal((await post('x', { host: 'evil.example' })).status, 403);
  assert.equal((await post('x', { origin: 'https://evil.example' })).status, 403);
});

test('code sees addresses that begin with https, whatever X-Forwarded-Proto says', async () => {
  const ask = async (path: string): Promise<Record<string, string>> => {
    const [response] = await once(get(url + path, { agent, headers: { 'x-forwarded-proto': 'http' } }), 'response');
    return JSON.parse(Buffer.concat(await response.toArray()).toString());
  };
  assert.deepEqual(await ask('/a?b=c'), { url: `${url}/a?b=c`, built: `${url}/a?b=c` });
  const { protocol, headers } = await ask('/kitchen/about');
  assert.equal(protocol, 'https');
  assert.equal((headers as unknown as Record<string, string>)['x-forwarded-proto'], 'http');
});

test('requests in one write are answered in order', async (t) => {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', ca, checkServerIdentity: () => undefined });
  t.after(() => socket.destroy());
  const one = (body: string, more = '') => `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\n${more}\r\n${body}`;
  socket.write(one('1') + one('2') + one('3', 'connection: close\r\n'));
  const answer = Buffer.concat(await socket.toArray()).toString();
  assert.deepEqual(answer.match(/(?<=\r\n\r\n)\d/g), ['1', '2', '3']);
});

test('a WebSocket works both ways, and the replica learns when its client vanishes', async () => {
  const open = async (): Promise<WebSocket> => {
    const options = { ca, checkServerIdentity: () => undefined as never };
    const socket = new WebSocket(`${url.replace('https:', 'wss:')}/kitchen/echo?a=1`, options);
    await once(socket, 'open');
    return socket;
  };
  const socket = await open();
  socket.send('hello');
  assert.equal(String((await once(socket, 'message'))[0]), '/echo?a=1 hello secure');
  const large = Buffer.alloc(5 * 1024 * 1024, 'ab');
  socket.send(large);
  assert.ok(large.equals((await once(socket, 'message'))[0]));
  socket.close(1001);
  await once(socket, 'close');
  (await open()).terminate();
  const sent = async () => {
    const [response] = await once(get(`${url}/kitchen/seen`, { agent }), 'response');
    return Buffer.concat(await response.toArray()).toString();
  };
  await until(async () => /socket closed 1001.*socket closed 1006/.test(await sent()));
});

test('a proxy that was killed is replaced, with its certificate', async () => {
  const [cluster] = listLocalClusters();
  await killAndAwaitSuccessor(cluster?.dir as string, 'proxy');
  // The connections that were kept have ended with their proxy.
  agent.destroy();
  assert.equal((await post('again')).body, 'again');
});

test('a client without TLS, and one that sends no TLS at all, learn nothing and harm nobody', async () => {
  const { port } = new URL(url);
  const plain = plainRequest({ port, host: '127.0.0.1' });
  plain.end();
  await once(plain, 'error');
  const stranger = createConnection({ port: Number(port), host: '127.0.0.1' });
  stranger.on('error', () => {});
  stranger.write(Buffer.alloc(300, 0x16));
  let text = '';
  stranger.on('data', (chunk) => (text += chunk.toString('latin1')));
  await once(stranger, 'close');
  assert.doesNotMatch(text, /HTTP|nbserve/);
  await assert.rejects(fetch(url), 'a client that does not know the certificate');
  assert.equal((await post('still here')).body, 'still here');
});

test('a certificate that cannot be used is an error of serve.start', async () => {
  await serve.shutdown();
  for (const wrong of [
    { cert: https.cert, key: `${FOLDER}none.key` },
    { cert: https.key, key: https.key },
  ]) {
    await assert.rejects(
      serve.start({ port: 0, https: wrong, detached: true }),
      (error) => isNbserveError(error) && error.code === 'NBS_BAD_CERTIFICATE',
    );
  }
  await assert.rejects(
    serve.start({ port: 0, https: { cert: https.cert } as typeof https }),
    (error) => isNbserveError(error) && error.code === 'NBS_INVALID_OPTION',
  );
});
