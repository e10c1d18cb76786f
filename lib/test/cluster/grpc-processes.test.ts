import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { serve } from 'nbserve';
import { listLocalClusters } from '../../dist/engine/index.js';
import { killAndAwaitSuccessor } from '../fixtures/cluster-processes.js';
import { KitchenDeployment } from '../fixtures/grpc-apps.js';
import { KITCHEN_PROTO, type Message, TestClient } from '../fixtures/grpc-clients.js';
import { until } from '../fixtures/wait.js';

const UNAVAILABLE = 14;

const clients: TestClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await serve.shutdown();
});

function clientOf(address: string, service: string): TestClient {
  const client = new TestClient(address, service);
  clients.push(client);
  return client;
}

async function folder(): Promise<string> {
  const { url } = await serve.status();
  return String(listLocalClusters().find((cluster) => cluster.url === url)?.dir);
}

test('a killed proxy: open calls are UNAVAILABLE, and the next proxy answers at the same port', async () => {
  await serve.start({ port: 0, grpc: { port: 0, protos: [KITCHEN_PROTO] } });
  await serve.run(KitchenDeployment.bind(), { name: 'kitchen' });
  const { grpc } = await serve.status();
  const kitchen = clientOf(grpc, 'kitchen.v1.Kitchen');
  const chat = kitchen.open('Chat', undefined);
  const ended = kitchen.endOf(chat);
  chat.write({ dish: 'x' });
  await new Promise((resolve) => chat.once('data', resolve));
  await killAndAwaitSuccessor(await folder(), 'proxy');
  assert.equal((await ended).code, UNAVAILABLE);
  await until(async () => (await kitchen.call('Cook', { dish: 'soup' })).message?.dish === 'soup');
});

test('a shutdown waits for the calls that have begun, and tells those who watch the health', async () => {
  await serve.start({ port: 0, grpc: { port: 0, protos: [KITCHEN_PROTO] } });
  await serve.run(KitchenDeployment.bind(), { name: 'kitchen' });
  const { grpc } = await serve.status();
  const kitchen = clientOf(grpc, 'kitchen.v1.Kitchen');
  const health = clientOf(grpc, 'grpc.health.v1.Health');
  const watch = health.open('Watch', { service: '' });
  const watched = health.endOf(watch);
  await new Promise((resolve) => watch.once('data', resolve));
  const chat = kitchen.open('Collect', undefined);
  const ended = kitchen.endOf(chat);
  chat.write({ dish: 'a', count: 2 });
  // Calls of one connection arrive in order, so the one before has arrived with this.
  await kitchen.call('Cook', { dish: 'soup' });
  const down = serve.shutdown();
  chat.write({ dish: 'b', count: 3 });
  chat.end();
  const { code, message } = await ended;
  assert.deepEqual([code, message?.count], [0, 5]);
  await down;
  const end = await watched;
  assert.deepEqual([end.code, end.messages.map((each: Message) => each.status)], [UNAVAILABLE, ['SERVING', 'NOT_SERVING']]);
  assert.equal((await kitchen.call('Cook', { dish: 'soup' })).code, UNAVAILABLE);
});

test('each node answers at its own address, and without protos methods are called by name', async () => {
  await serve.start({ port: 0, nodes: 2, grpc: {} });
  await serve.run(KitchenDeployment.bind(), { name: 'kitchen' });
  const { nodes, grpc } = await serve.status();
  const addresses = nodes.map((node) => String(node.grpc));
  assert.equal(addresses[0], grpc);
  assert.match(grpc, /^127\.0\.0\.1:9\d\d\d$/);
  assert.match(String(addresses[1]), /^127\.0\.0\.2:9\d\d\d$/);
  for (const address of addresses) {
    const { message } = await clientOf(address, 'nbserve.v1.Serve').call('Call', {
      method: 'add',
      arguments: [{ json: '1' }, { json: '2' }],
    });
    assert.deepEqual((message as { result: Message }).result.json, '3');
  }
});

test('what cannot be started is said at the start', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'nbs-proto-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'bad.proto');
  const refused = (grpc: object, code: string, message: RegExp): Promise<void> =>
    assert.rejects(serve.start({ port: 0, grpc }), (error: Error & { code?: string }) => {
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
  await refused({ protos: [join(dir, 'none.proto')] }, 'NBS_BAD_PROTO', /none\.proto is not valid: ENOENT/);
  writeFileSync(file, 'syntax = "proto3"; message A {');
  await refused({ protos: [file] }, 'NBS_BAD_PROTO', /bad\.proto is not valid/);
  writeFileSync(file, 'syntax = "proto3"; service S { rpc Do(Unknown) returns (Unknown); }');
  await refused({ protos: [file] }, 'NBS_BAD_PROTO', /Unknown/);
  writeFileSync(file, 'syntax = "proto3"; import "missing.proto";');
  await refused({ protos: [file] }, 'NBS_BAD_PROTO', /missing\.proto/);
  await refused({ protos: 'x.proto' }, 'NBS_INVALID_OPTION', /protos/);
  await refused({ port: -1 }, 'NBS_INVALID_OPTION', /port/);
  await refused({ proto: [] }, 'NBS_UNKNOWN_OPTION', /proto/);
  await serve.start({ port: 0 });
  await refused({}, 'NBS_NO_GRPC_THERE', /answers no gRPC/);
  assert.equal((await serve.status()).grpc, '');
});
