import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../../core/hand-clock.test-support.js';
import { hasCode } from '../../../core/index.js';
import { type CanarySpec, latencyBucket, type Tally } from '../../protocol/index.js';
import type { Controller } from '../controller.js';
import { FakeCluster } from '../fake-cluster.test-support.js';
import { app, deployment } from '../sample-apps.test-support.js';
import { InvalidTraffic } from '../target/errors.js';
import { NoCanary } from './errors.js';

const canarySpec = (changes: Partial<CanarySpec> = {}): CanarySpec => ({
  to: 'b',
  from: null,
  stickyBy: undefined,
  steps: [0.1, 1],
  intervalMs: 1000,
  minRequests: 10,
  maxErrorRate: 0.1,
  maxErrorRateAboveBase: null,
  maxLatencyRatio: null,
  latencySlackMs: 0,
  ...changes,
});

const tally = (requests: number, failures = 0): Tally => ({ requests, failures, latencies: { [latencyBucket(5)]: requests } });

async function twoVersions(): Promise<{ cluster: FakeCluster; controller: Controller }> {
  const cluster = new FakeCluster();
  const controller = await cluster.controller();
  await controller.deploy(app('a', [deployment('D', 'a1')], '/c'));
  await controller.deploy(app('b', [deployment('D', 'b1')], null));
  return { cluster, controller };
}

/** Sends a report as a proxy would. */
function tell(cluster: FakeCluster, controller: Controller, versions: Record<string, Tally>): void {
  const rule = cluster.routes.routes.find(({ prefix }) => prefix === '/c')?.split?.rule ?? -1;
  controller.traffic.report([{ prefix: '/c', rule, versions, mirror: null }]);
}

const weightsOf = (cluster: FakeCluster): (number | undefined)[] =>
  ['a', 'b'].map((name) => cluster.routes.routes[0]?.split?.arms.find((arm) => arm.app === name)?.weight);

describe('traffic', () => {
  it('is published, counted and shown, and undone', async () => {
    const { cluster, controller } = await twoVersions();
    const set = await controller.traffic.set('/c', { weights: { a: 1, b: 3 }, stickyBy: null, mirror: { app: 'b', share: 1 } });
    assert.deepEqual(weightsOf(cluster), [0.25, 0.75]);
    assert.equal(set?.mirror?.app, 'b');
    tell(cluster, controller, { a: tally(3, 1) });
    tell(cluster, controller, { a: tally(1), b: tally(5) });
    const mirror = { ...tally(4, 2), dropped: 3, streamed: 1 };
    const rule = cluster.routes.routes[0]?.split?.rule ?? -1;
    controller.traffic.report([{ prefix: '/c', rule, versions: {}, mirror }]);
    controller.traffic.report([{ prefix: '/c', rule: rule - 1, versions: { a: tally(100) }, mirror: null }]);
    const { versions, mirror: copies } = controller.status().traffic['/c'] ?? assert.fail();
    assert.deepEqual([versions.a?.requests, versions.a?.failures, versions.b?.requests], [4, 1, 5]);
    assert.ok((versions.a?.p95Ms ?? 0) >= 5);
    assert.deepEqual([copies?.requests, copies?.failures, copies?.dropped, copies?.streamed], [4, 2, 3, 1]);
    assert.equal(await controller.traffic.set('/c', null), null);
    assert.deepEqual(cluster.routes.routes, [{ prefix: '/c', app: 'a', deployment: 'D' }]);
    assert.deepEqual(controller.status().traffic, {});
    assert.ok(cluster.logged.some((line) => /traffic of \/c: a 25 %, b 75 %, copies of 100 % to b/.test(line)));
    await assert.rejects(controller.traffic.set('c', null), (error) => hasCode(error, InvalidTraffic));
  });

  it('outlives the controller, and an application that is deleted leaves its share', async () => {
    const { cluster, controller } = await twoVersions();
    await controller.traffic.set('/c', { weights: { a: 1, b: 3 }, stickyBy: { query: 'u' }, mirror: null });
    const next = await cluster.controller();
    assert.deepEqual(weightsOf(cluster), [0.25, 0.75]);
    assert.deepEqual(next.status().traffic['/c']?.stickyBy, { query: 'u' });
    await next.delete('a');
    assert.deepEqual(weightsOf(cluster), [undefined, 1]);
    assert.equal(cluster.routes.routes[0]?.app, 'b');
    await next.delete('b');
    assert.deepEqual(cluster.routes.routes, []);
    assert.deepEqual(next.status().traffic, {});
  });

  it('carries a canary through its steps, in time and only on enough requests', async () => {
    const { cluster, controller } = await twoVersions();
    const { rule } = await controller.traffic.begin('/c', canarySpec());
    const done = controller.traffic.canary('/c', rule, true);
    assert.deepEqual(weightsOf(cluster), [0.9, 0.1]);
    await cluster.clock.pass(5000);
    assert.match((await controller.traffic.canary('/c', rule, false)).message, /waits for requests: 0 of 10/);
    tell(cluster, controller, { b: tally(10) });
    await settle();
    assert.deepEqual(weightsOf(cluster), [0, 1]);
    // Requests of the earlier step do not count.
    tell(cluster, controller, { b: tally(9) });
    await cluster.clock.pass(999);
    tell(cluster, controller, { b: tally(1) });
    await settle();
    assert.equal((await controller.traffic.canary('/c', rule, false)).state, 'RUNNING');
    await cluster.clock.pass(1);
    const { state, weight, message } = await done;
    assert.deepEqual([state, weight], ['PROMOTED', 1]);
    assert.match(message, /passed all 2 steps/);
    assert.deepEqual(weightsOf(cluster), [0, 1]);
    assert.equal(controller.status().traffic['/c']?.canary?.state, 'PROMOTED');
    assert.ok(cluster.logged.some((line) => line.includes('canary b of /c: PROMOTED: passed all 2 steps')));
  });

  it('rolls a canary back at once, also while the disk is full', async () => {
    const { cluster, controller } = await twoVersions();
    const { rule } = await controller.traffic.begin('/c', canarySpec());
    cluster.checkpoint.failure = new Error('no space left');
    tell(cluster, controller, { b: tally(3, 2) });
    const { state, message } = await controller.traffic.canary('/c', rule, true);
    assert.equal(state, 'ROLLED_BACK');
    assert.match(message, /error rate 66.7 % \(2 of 3 requests\), allowed 10 %/);
    assert.deepEqual(weightsOf(cluster), [1, 0]);
  });

  it('goes on with a canary after a restart, and measures the step anew', async () => {
    const { cluster, controller } = await twoVersions();
    const { rule } = await controller.traffic.begin('/c', canarySpec());
    tell(cluster, controller, { b: tally(10) });
    await cluster.clock.pass(1000);
    assert.deepEqual(weightsOf(cluster), [0, 1]);
    tell(cluster, controller, { b: tally(10) });
    const next = await cluster.controller();
    await cluster.clock.pass(1000);
    assert.match((await next.traffic.canary('/c', rule, false)).message, /step 2 of 2.*0 of 10 measured/);
    tell(cluster, next, { b: tally(10) });
    assert.equal((await next.traffic.canary('/c', rule, true)).state, 'PROMOTED');
  });

  it('measures a step anew once one of its versions is updated', async () => {
    const { cluster, controller } = await twoVersions();
    const { rule } = await controller.traffic.begin('/c', canarySpec());
    tell(cluster, controller, { b: tally(9) });
    await controller.deploy(app('b', [deployment('D', 'b2')], null));
    await cluster.clock.pass(1000);
    tell(cluster, controller, { b: tally(9) });
    assert.match((await controller.traffic.canary('/c', rule, false)).message, /step 1 of 2.*9 of 10 measured/);
    assert.deepEqual(weightsOf(cluster), [0.9, 0.1]);
    tell(cluster, controller, { b: tally(1) });
    await settle();
    assert.deepEqual(weightsOf(cluster), [0, 1]);
    // What an ended canary has measured is kept.
    tell(cluster, controller, { b: tally(10) });
    await cluster.clock.pass(1000);
    const ended = await controller.traffic.canary('/c', rule, true);
    await controller.deploy(app('b', [deployment('D', 'b3')], null));
    assert.deepEqual(await controller.traffic.canary('/c', rule, false), ended);
  });

  it('tells who waits for a canary that it was stopped, and by what', async () => {
    const { controller } = await twoVersions();
    const first = await controller.traffic.begin('/c', canarySpec());
    const done = controller.traffic.canary('/c', first.rule, true);
    await controller.traffic.set('/c', { weights: { a: 1 }, stickyBy: null, mirror: null });
    assert.deepEqual([(await done).state, (await done).message], ['ABORTED', 'other weights were set']);
    assert.equal((await controller.traffic.canary('/c', first.rule, false)).state, 'ABORTED');

    const second = await controller.traffic.begin('/c', canarySpec());
    const aborted = await controller.traffic.abort('/c', second.rule, 'too late in the day');
    assert.deepEqual([aborted.state, aborted.message, aborted.weight], ['ABORTED', 'too late in the day', 0]);
    assert.equal((await controller.traffic.abort('/c', second.rule, 'again')).message, 'too late in the day');

    const third = await controller.traffic.begin('/c', canarySpec());
    const waiting = controller.traffic.canary('/c', third.rule, true);
    await controller.delete('b');
    assert.equal((await waiting).message, 'application b was deleted');
    await assert.rejects(controller.traffic.canary('/c', 999, true), (error) => hasCode(error, NoCanary));
    await assert.rejects(controller.traffic.begin('/c', canarySpec({ to: 'a', from: 'a' })), /cannot be compared with itself/);
  });
});
