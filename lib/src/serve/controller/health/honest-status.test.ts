import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../../core/hand-clock.test-support.js';
import type { Controller } from '../controller.js';
import { FakeCluster, fakeNode, idsOf, killed } from '../fake-cluster.test-support.js';
import { app, deployment, sampleAutoscaling } from '../sample-apps.test-support.js';

const shown = (controller: Controller, name = 'hello') => {
  const { status, message, deployments } = controller.status().applications[name] ?? assert.fail();
  const each = Object.entries(deployments).map(([key, one]) => [key, `${one.status} ${one.message}`.trim()]);
  return { app: `${status} ${message}`.trim(), ...Object.fromEntries(each) } as Record<string, string>;
};

describe('a status says what is', () => {
  const sleeper = (changes = {}) =>
    deployment('Chat', 'a', { numReplicas: 0, autoscaling: sampleAutoscaling({ minReplicas: 0, ...changes }) });
  const ask = async (cluster: FakeCluster, controller: Controller, now: number) => {
    controller.demand('proxy/1', { deployments: { 'hello/Chat': { average: now, periodMs: 100, now } } });
    await cluster.clock.pass(100);
  };

  it('of a deployment that sleeps: whether it has failed when it was asked last', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [sleeper()]));
    assert.deepEqual(shown(controller), { app: 'RUNNING', Chat: 'HEALTHY no replica runs until a request comes' });
    cluster.behaviours.set('a', { constructorError: new Error('no model') });
    await ask(cluster, controller, 1);
    assert.match(shown(controller).Chat ?? '', /^FAILED 0 of 1 replicas run: no model$/);
    await ask(cluster, controller, 0);
    await cluster.clock.pass(60_000);
    assert.match(
      shown(controller).Chat ?? '',
      /^FAILED no replica runs until a request comes, and the last one failed: no model$/,
    );
    assert.match(shown(controller).app ?? '', /^UNHEALTHY Chat: .*no model/);
    // The next controller does not know it; the next request will show it.
    cluster.behaviours.delete('a');
    await ask(cluster, controller, 1);
    assert.deepEqual(shown(controller), { app: 'RUNNING', Chat: 'HEALTHY' });
    await ask(cluster, controller, 0);
    await cluster.clock.pass(60_000);
    assert.equal(cluster.replicas.size, 0);
    assert.match(shown(controller).Chat ?? '', /^HEALTHY/);
  });

  it('of a deployment with no replicas', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [deployment('Chat', 'a', { numReplicas: 0 })]));
    assert.match(shown(controller).Chat ?? '', /^HEALTHY its numReplicas is 0/);
  });

  it('of a front that waits for an inner deployment which cannot start, and requests are told too', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    const inner = { ...deployment('Inner', 'i'), dependencies: ['Deep'] };
    const front = { ...deployment('Front', 'f'), dependencies: ['Inner'] };
    await controller.deploy(app('hello', [deployment('Deep', 'd'), inner, front]));
    cluster.behaviours.set('d', { constructorError: new Error('no model') });
    for (const key of ['Deep', 'Inner', 'Front']) cluster.end(idsOf(cluster, `hello/${key}`)[0] as string, killed);
    await cluster.clock.pass(3000);
    const seen = shown(controller);
    assert.match(seen.app ?? '', /^UNHEALTHY .*no model/);
    assert.match(seen.Deep ?? '', /^FAILED .*no model/);
    assert.match(seen.Inner ?? '', /^UNHEALTHY 0 of 1 replicas run; waits for Deep: no model$/);
    assert.match(seen.Front ?? '', /^UNHEALTHY 0 of 1 replicas run; waits for Inner, which waits for Deep: no model$/);
    for (const key of ['hello/Deep', 'hello/Inner', 'hello/Front'] as const)
      assert.match(cluster.routes.deployments[key]?.unavailable ?? '', /no model/);
    cluster.behaviours.delete('d');
    await cluster.clock.pass(60_000);
    assert.deepEqual(shown(controller), { app: 'RUNNING', Deep: 'HEALTHY', Inner: 'HEALTHY', Front: 'HEALTHY' });
    assert.equal(cluster.routes.deployments['hello/Front']?.unavailable, undefined);
  });

  it('of a front whose inner deployment sleeps and cannot start: it runs, and its calls say what is wrong', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [sleeper(), { ...deployment('Front', 'f'), dependencies: ['Chat'] }]));
    cluster.behaviours.set('a', { constructorError: new Error('no model') });
    await ask(cluster, controller, 1);
    cluster.end(idsOf(cluster, 'hello/Front')[0] as string, killed);
    await cluster.clock.pass(1000);
    assert.equal(idsOf(cluster, 'hello/Front').length, 1);
    assert.match(shown(controller).Chat ?? '', /^FAILED/);
  });

  it('of an application whose replicas are gone with a controller: it does not run before they do', async () => {
    const cluster = new FakeCluster();
    const first = await cluster.controller();
    await first.deploy(app('hello', [deployment('Chat', 'a')]));
    for (const id of [...cluster.replicas.keys()]) cluster.replicas.delete(id);
    cluster.behaviours.set('a', { hang: true });
    const controller = await cluster.controller();
    await settle();
    assert.deepEqual(shown(controller), { app: 'DEPLOYING Chat: 0 of 1 replicas run', Chat: 'UPDATING 0 of 1 replicas run' });
  });

  describe('long after a failure', () => {
    const scaled = () => {
      const autoscaling = sampleAutoscaling({ minReplicas: 2 });
      return app('hello', [deployment('Chat', 'a', { numReplicas: 2, startupTimeoutMs: 2000, autoscaling })]);
    };
    /** Sends the load of three replicas until that has had the result. */
    const loadUntil = async (cluster: FakeCluster, controller: Controller, isSo: () => boolean): Promise<void> => {
      for (let i = 0; i < 100 && !isSo(); i += 1) await ask(cluster, controller, 6);
      assert.ok(isSo(), shown(controller).Chat);
    };
    const lastFailure = (controller: Controller) =>
      controller.status().applications.hello?.deployments.Chat?.lastFailure ?? assert.fail();

    it('of a deployment that is scaled up: it is updated, not ill', async () => {
      const cluster = new FakeCluster();
      const controller = await cluster.controller();
      await controller.deploy(scaled());
      await cluster.clock.pass(1000);
      cluster.end(idsOf(cluster, 'hello/Chat')[0] as string, killed);
      await settle();
      assert.equal(idsOf(cluster, 'hello/Chat').length, 2);
      await cluster.clock.pass(10_000);
      cluster.behaviours.set('a', { hang: true });
      await loadUntil(cluster, controller, () => cluster.replicas.size === 3);
      assert.deepEqual(shown(controller), { app: 'RUNNING', Chat: 'UPDATING 2 of 3 replicas run' });
      assert.match(lastFailure(controller).message, /SIGKILL/);
    });

    it('of a deployment whose starts have failed: new failures are counted anew', async () => {
      const cluster = new FakeCluster();
      const controller = await cluster.controller();
      await controller.deploy(scaled());
      cluster.behaviours.set('a', { constructorError: new Error('no model') });
      cluster.end(idsOf(cluster, 'hello/Chat')[0] as string, killed);
      await cluster.clock.pass(100);
      assert.equal(shown(controller).Chat, 'FAILED 1 of 2 replicas run: no model');
      assert.equal(lastFailure(controller).count, 2);
      cluster.behaviours.delete('a');
      await cluster.clock.pass(20_000);
      cluster.behaviours.set('a', { hang: true });
      await loadUntil(cluster, controller, () => cluster.replicas.size === 3);
      assert.equal(shown(controller).Chat, 'UPDATING 2 of 3 replicas run');
      await loadUntil(cluster, controller, () => /not ready after 2000 ms/.test(lastFailure(controller).message));
      assert.equal(lastFailure(controller).count, 1);
      assert.match(shown(controller).Chat ?? '', /^UNHEALTHY 2 of 3 replicas run: .*not ready/);
    });

    it('of a deployment that loses its last replicas with their node: requests wait for others', async () => {
      const cluster = new FakeCluster();
      cluster.nodeInfos = [fakeNode('a'), fakeNode('b')];
      const controller = await cluster.controller();
      await controller.deploy(app('hello', [deployment('Chat', 'a')]));
      for (let deaths = 0; deaths < 3; deaths += 1) {
        cluster.end(idsOf(cluster, 'hello/Chat')[0] as string, killed);
        await cluster.clock.pass(1500);
      }
      await cluster.clock.pass(20_000);
      assert.equal(controller.status().applications.hello?.deployments.Chat?.lastFailure?.count, 3);
      cluster.behaviours.set('a', { hang: true });
      cluster.change(cluster.running('a')[0]?.spec.node as string, false);
      await settle();
      assert.equal(idsOf(cluster, 'hello/Chat').length, 0);
      assert.equal(cluster.routes.deployments['hello/Chat']?.unavailable, undefined);
      assert.match(shown(controller).Chat ?? '', /^UPDATING/);
    });
  });

  it('of an application whose only replicas went down with a node', async () => {
    const cluster = new FakeCluster();
    cluster.nodeInfos = [fakeNode('a'), fakeNode('b')];
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [deployment('Chat', 'a')]));
    cluster.behaviours.set('a', { hang: true });
    cluster.change(cluster.running('a')[0]?.spec.node as string, false);
    await settle();
    assert.match(shown(controller).app ?? '', /^UNHEALTHY Chat: 0 of 1 replicas run/);
    assert.match(shown(controller).Chat ?? '', /^UPDATING/);
  });

  it('of an application that could not be brought up, and of one that is deleted', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    cluster.behaviours.set('a', { constructorError: new Error('no model') });
    await assert.rejects(controller.deploy(app('hello', [deployment('Chat', 'a')])), /no model/);
    await settle();
    assert.deepEqual(shown(controller), {
      app: 'DEPLOY_FAILED no model',
      Chat: 'FAILED no replica runs, because the application could not be brought up',
    });
    cluster.behaviours.set('a', { slowDrain: true });
    await controller.deploy(app('hello', [deployment('Chat', 'a')]));
    const deleted = controller.delete('hello');
    await settle();
    assert.match(shown(controller).app ?? '', /^DELETING requests that were begun are finished/);
    assert.equal(shown(controller).Chat, 'UPDATING it is being deleted');
    cluster.running('a')[0]?.finishDrain();
    await deleted;
  });

  it('of an update that fails, and of one that waits', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [deployment('Chat', 'a')]));
    cluster.behaviours.set('b', { constructorError: new Error('no model') });
    await assert.rejects(controller.deploy(app('hello', [deployment('Chat', 'b')])), /no model/);
    assert.match(shown(controller).app ?? '', /^RUNNING the last update failed .*no model/);
    const late = deployment('Chat', 'c', { resources: { cpu: 0, gpu: 2, memory: 0, custom: {} } });
    await controller.deploy(app('gpus', [deployment('Gpus', 'g', { resources: late.config.resources })]));
    void controller.deploy(app('hello', [late])).catch(() => {});
    await settle();
    assert.match(shown(controller).app ?? '', /^DEPLOYING Chat waits for room: .*gpu 0 \+ 0 free/);
  });
});
