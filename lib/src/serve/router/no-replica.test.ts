import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DemandReport, DeploymentRoute } from '../protocol/index.js';
import type { Dispatch } from './dispatch.js';
import { Router } from './router.js';
import { RouterHarness, route, settled, snapshot } from './router-harness.test-support.js';

test('a request that waited for a first replica is told what that waits for', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  for (const asleep of [false, true]) {
    const cluster = new RouterHarness();
    const scaled = asleep ? { autoscaling: { metricsIntervalMs: 100, holdMs: 50_000 } } : {};
    await cluster.route([], { ...scaled, waits: 'waits for room: local has no GPU free' });
    const { log, errors } = cluster.send();
    t.mock.timers.tick(asleep ? 49_000 : 29_000);
    await settled();
    assert.deepEqual(log, []);
    t.mock.timers.tick(1000);
    await settled();
    assert.deepEqual(log, ['NBS_NO_REPLICA']);
    assert.match(errors[0]?.message ?? '', /none could be reached for \d+ s; it waits for room: local has no GPU free$/);
    cluster.router.close();
  }
});

/** What a router tells the controller about a deployment without replicas that requests start, and what its requests are told. */
function asleep(more: Partial<DeploymentRoute>): { told: DemandReport[]; log: string[]; send(more?: Partial<Dispatch>): Router } {
  const told: DemandReport[] = [];
  const router = new Router({
    connect: () => Promise.reject(new Error('nobody')),
    sendDemand: (report) => told.push(report) > 0,
  });
  router.apply(snapshot(1, route([], { autoscaling: { metricsIntervalMs: 10_000, holdMs: 50_000 }, ...more })));
  const log: string[] = [];
  const sink = { onHead: () => {}, onData: () => {}, onEnd: () => {}, onError: (error: Error) => log.push(error.message) };
  const head = { kind: 'method', method: 'm', requestId: 'r' } as const;
  const send = (request: Partial<Dispatch> = {}): Router => {
    router.dispatch({ key: 'a/d', method: 'm', head, body: null, sink, ...request });
    return router;
  };
  return { told, log, send };
}

const nowOf = (told: readonly DemandReport[]): (number | undefined)[] => told.map(({ deployments }) => deployments['a/d']?.now);

test('a request that is refused because no replica can be started is told to the controller', async () => {
  const { told, log, send } = asleep({ unavailable: 'no model' });
  const router = send();
  await settled();
  assert.match(log[0] ?? '', /no model/);
  assert.deepEqual(nowOf(told), [1]);
  router.close();
});

test('without places in the queue, the request that starts a first replica waits for it all the same', async () => {
  const { told, log, send } = asleep({ maxQueuedRequests: 0 });
  send();
  await settled();
  assert.deepEqual([log, nowOf(told).at(-1)], [[], 1]);
  const router = send();
  await settled();
  assert.match(log[0] ?? '', /the queue is full/);
  router.close();
});
