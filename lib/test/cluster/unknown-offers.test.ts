/** Nobody knows what a deployment offers before its first replica has run: calls wait for that replica, which decides. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { serve } from 'nbserve';
import { WebSocket } from 'ws';
import { pack, Segmenter, unpack } from '../fixtures/graph-apps.js';
import { anyRpc, KitchenDeployment } from '../fixtures/grpc-apps.js';
import { KITCHEN_PROTO, TestClient } from '../fixtures/grpc-clients.js';
import { errorOf, send } from '../fixtures/http-client.js';
import { plain, KitchenDeployment as SocketDeployment } from '../fixtures/ingress-apps.js';

const asleep = { autoscaling: { minReplicas: 0, maxReplicas: 1, metricsInterval: 50 } };
const ASKS = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};
let kitchen: TestClient;

before(async () => {
  await serve.start({ port: 0, grpc: { port: 0, protos: [KITCHEN_PROTO], generic: true } });
  kitchen = new TestClient((await serve.status()).grpc, 'kitchen.v1.Kitchen');
});
after(async () => {
  kitchen.close();
  await serve.shutdown();
});

async function echoed(url: string): Promise<string> {
  const socket = new WebSocket(`${url.replace('http:', 'ws:')}/echo`);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.send('hello');
  const text = await new Promise<string>((resolve) => socket.once('message', (data) => resolve(String(data))));
  socket.terminate();
  return text;
}

test('a call over gRPC wakes a deployment of which no replica has run', async () => {
  await serve.run(KitchenDeployment.options(asleep).bind(), { name: 'kitchen', routePrefix: null });
  const { code, message } = await kitchen.call('Cook', { dish: 'soup' });
  assert.deepEqual([code, message?.dish], [0, 'soup']);
  await serve.run(KitchenDeployment.options(asleep).bind(), { name: 'other', routePrefix: null });
  const missing = await kitchen.call('Missing', {}, { metadata: { application: 'other' } });
  assert.deepEqual([missing.code, String(missing.trailers['nbserve-code'])], [12, 'NBS_NO_RPC_METHOD']);
  await serve.run(anyRpc.options(asleep).bind(), { name: 'any', routePrefix: null });
  assert.equal((await kitchen.call('Missing', {}, { metadata: { application: 'any' } })).code, 0);
  for (const name of ['kitchen', 'other', 'any']) await serve.delete(name);
});

test('the first WebSocket wakes a deployment, and code that speaks none gets a plain request', async () => {
  const { url } = await serve.run(SocketDeployment.options(asleep).bind(), { name: 'sockets', routePrefix: '/sockets' });
  assert.equal(await echoed(url), '/echo hello');
  await serve.delete('sockets');
  const other = await serve.run(plain.options(asleep).bind(), { name: 'plain', routePrefix: '/plain' });
  const answer = await send(other.url, { headers: ASKS });
  assert.deepEqual([answer.status, answer.text], [200, 'plain']);
  await serve.delete('plain');
});

test('nodes of a graph may be asleep', async () => {
  const segmenter = Segmenter.options(asleep).bind({ threshold: 100 });
  const graph = serve.graph((input) => pack.bind(segmenter.segment.bind(unpack.options(asleep).bind(input))), {
    name: 'Picture',
  });
  const { url } = await serve.run(graph, { name: 'picture', routePrefix: '/picture' });
  const answer = await fetch(url, { method: 'POST', body: new Uint8Array([10, 200]) });
  assert.deepEqual([...new Uint8Array(await answer.arrayBuffer())], [0, 1]);
  await serve.delete('picture');
});

test('the version that gets a request decides whether it speaks WebSocket or HTTP', async () => {
  const { url } = await serve.run(plain.bind(), { name: 'v1', routePrefix: '/split' });
  await serve.run(SocketDeployment.bind(), { name: 'v2', routePrefix: null });
  await serve.traffic('/split', { v1: 0, v2: 1 });
  assert.equal(await echoed(url), '/echo hello');
  await serve.traffic('/split', { v1: 1, v2: 0 });
  assert.equal((await send(url, { headers: ASKS })).text, 'plain');
  await serve.delete('v1');
  const silent = await serve.run(Segmenter.bind({ threshold: 1 }), { name: 'v3', routePrefix: '/silent' });
  assert.equal(errorOf(await send(silent.url)).code, 'NBS_HTTP_NOT_SERVED');
  await serve.run(plain.bind(), { name: 'v4', routePrefix: null });
  await serve.traffic('/silent', { v3: 0, v4: 1 });
  assert.equal((await send(silent.url)).text, 'plain');
  await serve.traffic('/silent', { v3: 1, v4: 0 });
  assert.equal(errorOf(await send(silent.url)).code, 'NBS_HTTP_NOT_SERVED');
});
