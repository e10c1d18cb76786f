import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestHead } from '../protocol/index.js';
import { BATCH_TURN } from './request-queue.js';
import { RouterHarness, settled } from './router-harness.test-support.js';

const head = (requestId: string, batch: boolean, affinity?: string): RequestHead => ({
  kind: 'method',
  method: 'm',
  requestId,
  ...(affinity === undefined ? {} : { affinity }),
  ...(batch ? { priority: 'batch' as const } : {}),
});

/** A cluster with one replica that works on one request, so that all other requests wait. */
async function busyCluster(maxQueuedRequests: number): Promise<RouterHarness> {
  const cluster = new RouterHarness();
  await cluster.route(['x'], { maxOngoingRequests: 1, maxQueuedRequests });
  cluster.send({ head: head('first', false) });
  return cluster;
}

function answerAll(cluster: RouterHarness): string[] {
  const { calls } = cluster.replica('x');
  for (let i = 0; i < calls.length; i += 1) calls[i]?.answer();
  return calls.map((call) => (call.head.kind === 'method' ? call.head.requestId : ''));
}

test('interactive requests overtake batch ones', async () => {
  const cluster = await busyCluster(-1);
  for (const id of ['b1', 'b2', 'i1', 'b3', 'i2']) cluster.send({ head: head(id, id.startsWith('b')) });
  assert.deepEqual(answerAll(cluster), ['first', 'i1', 'i2', 'b1', 'b2', 'b3']);
  cluster.router.close();
});

test('in a full queue an interactive request takes the place of the youngest batch one, which is told so', async () => {
  const cluster = await busyCluster(3);
  const [b1, i1, b2] = ['b1', 'i1', 'b2'].map((id) => cluster.send({ head: head(id, id.startsWith('b')) }));
  const b3 = cluster.send({ head: head('b3', true) });
  const i2 = cluster.send({ head: head('i2', false) });
  await settled();
  assert.deepEqual(b3.log, ['NBS_QUEUE_FULL']);
  assert.match(b3.errors[0]?.message ?? '', /so this one is refused/);
  assert.deepEqual(b2?.log, ['NBS_QUEUE_FULL']);
  assert.match(
    b2?.errors[0]?.message ?? '',
    /3 of 3 requests wait\), and an interactive request took the place of this batch request/,
  );
  const i3 = cluster.send({ head: head('i3', false) });
  const i4 = cluster.send({ head: head('i4', false) });
  await settled();
  assert.deepEqual([b1?.log, i4.log], [['NBS_QUEUE_FULL'], ['NBS_QUEUE_FULL']]);
  assert.deepEqual(answerAll(cluster), ['first', 'i1', 'i2', 'i3']);
  for (const sent of [i1, i2, i3]) assert.equal(sent?.log.at(-1), 'end');
  cluster.router.close();
});

test('requests with an affinity key keep to the same order', async () => {
  const cluster = await busyCluster(-1);
  const ids = ['kb1', 'i1', 'ki2', 'b2', 'kb3', 'i3', 'ki4'];
  for (const id of ids) cluster.send({ head: head(id, id.includes('b'), id.startsWith('k') ? 'user' : undefined) });
  assert.deepEqual(answerAll(cluster), ['first', 'i1', 'ki2', 'i3', 'ki4', 'kb1', 'b2', 'kb3']);
  cluster.router.close();
});

test('of eight requests with and without a key, one is a batch request', async () => {
  for (const [batchKey, key] of [[undefined, 'user'] as const, ['user', undefined] as const]) {
    const cluster = await busyCluster(-1);
    for (const id of ['b1', 'b2']) cluster.send({ head: head(id, true, batchKey) });
    for (let i = 0; i < 20; i += 1) cluster.send({ head: head('i', false, key) });
    const order = answerAll(cluster);
    assert.deepEqual([order.indexOf('b1'), order.indexOf('b2')], [BATCH_TURN, 2 * BATCH_TURN]);
    cluster.router.close();
  }
});

test('in a full queue of batch requests with a key, an interactive request takes the place of the youngest', async () => {
  const cluster = await busyCluster(2);
  const [b1, b2] = ['b1', 'b2'].map((id) => cluster.send({ head: head(id, true, 'user') }));
  const i1 = cluster.send({ head: head('i1', false) });
  await settled();
  assert.deepEqual([b1?.log, b2?.log, i1.log], [[], ['NBS_QUEUE_FULL'], []]);
  assert.deepEqual(answerAll(cluster), ['first', 'i1', 'b1']);
  cluster.router.close();
});
