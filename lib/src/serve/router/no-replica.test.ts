import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DemandReport, DeploymentRoute } from '../protocol/index.js';
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

test('a request that is refused because no replica can be started is told to the controller', async () => {
  const told: DemandReport[] = [];
  const router = new Router({
    connect: () => Promise.reject(new Error('nobody')),
    sendDemand: (report) => told.push(report) > 0,
  });
  const scaled: Partial<DeploymentRoute> = { autoscaling: { metricsIntervalMs: 100, holdMs: 50_000 } };
  router.apply(snapshot(1, route([], { ...scaled, unavailable: 'no model' })));
  const log: string[] = [];
  const sink = { onHead: () => {}, onData: () => {}, onEnd: () => {}, onError: (error: Error) => log.push(error.message) };
  const head = { kind: 'method', method: 'm', requestId: 'r' } as const;
  router.dispatch({ key: 'a/d', method: 'm', head, body: null, sink });
  await settled();
  assert.match(log[0] ?? '', /no model/);
  assert.deepEqual(
    told.map(({ deployments }) => deployments['a/d']?.now),
    [1],
  );
  router.close();
});
