import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../../core/hand-clock.test-support.js';
import type { AutoscalingMetrics } from '../../protocol/index.js';
import { FakeCluster, idsOf } from '../fake-cluster.test-support.js';
import { app, deployment, sampleAutoscaling } from '../sample-apps.test-support.js';

describe('autoscaling', () => {
  const autoscaling = sampleAutoscaling({ minReplicas: 0, maxReplicas: 4 });
  const scaled = (changes = {}) => deployment('Chat', 'a', { numReplicas: 0, autoscaling: { ...autoscaling, ...changes } });
  const load = async (
    cluster: FakeCluster,
    controller: Awaited<ReturnType<FakeCluster['controller']>>,
    now: number,
    ms: number,
  ) => {
    for (let i = 0; i < ms; i += 100) {
      controller.demand('proxy/1', { deployments: { 'hello/Chat': { average: now, periodMs: 100, now } } });
      await cluster.clock.pass(100);
    }
  };

  it('follows the load from zero up and down to zero, and holds requests meanwhile', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [scaled()]));
    assert.equal(cluster.replicas.size, 0);
    const route = () => cluster.routes.deployments['hello/Chat'] ?? assert.fail();
    assert.equal(route().unavailable, undefined);
    assert.equal(route().autoscaling?.metricsIntervalMs, 100);
    await load(cluster, controller, 8, 100);
    assert.equal(idsOf(cluster, 'hello/Chat').length, 1, 'the first request starts one at once');
    await load(cluster, controller, 8, 3000);
    assert.equal(idsOf(cluster, 'hello/Chat').length, 4);
    assert.equal(controller.status().applications.hello?.deployments.Chat?.numReplicas, 4);
    await load(cluster, controller, 1, 7000);
    assert.equal(idsOf(cluster, 'hello/Chat').length, 1);
    await load(cluster, controller, 0, 200);
    await cluster.clock.pass(10_000);
    assert.equal(idsOf(cluster, 'hello/Chat').length, 0);
    assert.equal(cluster.replicas.size, 0);
    assert.equal(controller.status().applications.hello?.status, 'RUNNING');
  });

  it('goes on from what runs after the controller was restarted', async () => {
    const cluster = new FakeCluster();
    const first = await cluster.controller();
    await first.deploy(app('hello', [scaled({ initialReplicas: 3 })]));
    const controller = await cluster.controller();
    assert.equal(controller.status().applications.hello?.deployments.Chat?.numReplicas, 3);
    assert.equal(idsOf(cluster, 'hello/Chat').length, 3);
  });

  it('tells waiting requests why a replica cannot be started, and tries again for those that come later', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [scaled()]));
    cluster.behaviours.set('a', { constructorError: new Error('no model') });
    await load(cluster, controller, 1, 100);
    assert.match(cluster.routes.deployments['hello/Chat']?.unavailable ?? '', /no model/);
    await load(cluster, controller, 0, 100);
    await cluster.clock.pass(60_000);
    assert.equal(controller.status().applications.hello?.deployments.Chat?.numReplicas, 0);
    assert.match(cluster.routes.deployments['hello/Chat']?.unavailable ?? '', /no model/, 'nobody waits for it in vain');
    cluster.behaviours.delete('a');
    await load(cluster, controller, 1, 100);
    assert.equal(idsOf(cluster, 'hello/Chat').length, 1);
    assert.equal(cluster.routes.deployments['hello/Chat']?.unavailable, undefined);
    await load(cluster, controller, 0, 10_000);
    assert.equal(cluster.replicas.size, 0);
    assert.equal(cluster.routes.deployments['hello/Chat']?.unavailable, undefined, 'it has worked');
  });

  describe("by a policy of one's own", () => {
    const withPolicy = (changes = {}) =>
      app('hello', [deployment('Chat.policy', 'p'), scaled({ minReplicas: 1, policy: 'Chat.policy', ...changes })]);
    const start = async (changes = {}) => {
      const cluster = new FakeCluster();
      const asked: AutoscalingMetrics[] = [];
      const steer = { answer: (): unknown => 1 };
      cluster.behaviours.set('p', {
        ask: async (metrics) => {
          asked.push(metrics);
          return steer.answer();
        },
      });
      const controller = await cluster.controller();
      await controller.deploy(withPolicy(changes));
      const replicas = () => idsOf(cluster, 'hello/Chat').length;
      const message = () => controller.status().applications.hello?.deployments.Chat?.message;
      return { cluster, controller, asked, steer, replicas, message };
    };

    it('asks at each interval, without load too, and holds bounds and delays', async () => {
      const { cluster, asked, steer, replicas } = await start();
      steer.answer = () => 9;
      await cluster.clock.pass(900);
      assert.equal(replicas(), 1, 'it has to be wanted for the whole delay');
      await cluster.clock.pass(500);
      assert.equal(replicas(), 4);
      const { now: _, ...metrics } = asked.at(-1) ?? assert.fail();
      assert.deepEqual(metrics, {
        app: 'hello',
        deployment: 'Chat',
        currentReplicas: 4,
        targetReplicas: 4,
        averageOngoingRequests: 0,
        ongoingRequests: 0,
        targetOngoingRequests: 2,
        minReplicas: 1,
        maxReplicas: 4,
        suggestedReplicas: 0,
      });
      steer.answer = () => 0.5;
      await cluster.clock.pass(4900);
      assert.equal(replicas(), 4);
      await cluster.clock.pass(500);
      assert.equal(replicas(), 1);
    });

    it('is asked one question at a time, and nothing changes without an answer', async () => {
      const { cluster, controller, asked, steer, replicas, message } = await start();
      steer.answer = () => new Promise(() => {});
      await load(cluster, controller, 8, 3000);
      assert.equal(replicas(), 1);
      const before = asked.length;
      await load(cluster, controller, 8, 3000);
      assert.equal(asked.length, before);
      assert.equal(message(), '');
    });

    it('tells in status and log why it does nothing, until it works', async () => {
      const { cluster, steer, replicas, message } = await start({ upscaleDelayMs: 0 });
      for (const answer of ['2', Number.NaN, -1, null, undefined, { replicas: 2 }, 2n]) {
        steer.answer = () => answer;
        await cluster.clock.pass(200);
        assert.match(
          message() ?? '',
          /^its policy Chat\.policy does not say how many replicas .*it answered with .*a number of at least 0$/,
        );
      }
      steer.answer = () => {
        throw new RangeError('no idea');
      };
      await cluster.clock.pass(200);
      assert.match(message() ?? '', /RangeError: no idea$/);
      assert.equal(replicas(), 1);
      assert.ok(cluster.logged.some((line) => /hello\/Chat: its policy .*no idea; the number stays as it is/.test(line)));
      steer.answer = () => 2;
      await cluster.clock.pass(200);
      assert.equal(message(), '');
      assert.equal(replicas(), 2);
    });

    it('does not hold up the first request', async () => {
      const { cluster, controller, steer, replicas } = await start({ minReplicas: 0 });
      assert.equal(replicas(), 0);
      steer.answer = () => new Promise(() => {});
      await load(cluster, controller, 1, 100);
      assert.equal(replicas(), 1);
    });

    it('is one of the deployments', async () => {
      const controller = await new FakeCluster().controller();
      await assert.rejects(
        controller.deploy(app('hello', [scaled({ policy: 'Chat.policy' })])),
        /which is none of its deployments/,
      );
    });
  });

  it('adds replicas while the first version of an application still starts, and removes none', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    cluster.behaviours.set('o', { hang: true });
    const outer = { ...deployment('Outer', 'o', { startupTimeoutMs: 3_600_000 }), dependencies: ['Chat'] };
    const deploying = assert.rejects(controller.deploy(app('hello', [scaled({ minReplicas: 1 }), outer])), {
      code: 'NBS_SUPERSEDED',
    });
    await settle();
    assert.equal(idsOf(cluster, 'hello/Chat').length, 1);
    await load(cluster, controller, 8, 3000);
    assert.equal(idsOf(cluster, 'hello/Chat').length, 4);
    await load(cluster, controller, 0, 10_000);
    assert.equal(idsOf(cluster, 'hello/Chat').length, 4);
    await controller.shutdown();
    await deploying;
  });

  it('goes by new intervals from when they are deployed', async () => {
    const HOUR = 3_600_000;
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    const slow = { initialReplicas: 4, metricsIntervalMs: HOUR, upscaleDelayMs: HOUR, downscaleDelayMs: HOUR };
    await controller.deploy(app('hello', [scaled(slow)]));
    await cluster.clock.pass(1000);
    assert.equal(idsOf(cluster, 'hello/Chat').length, 4);
    await controller.deploy(app('hello', [scaled()]));
    await cluster.clock.pass(10_000);
    assert.equal(idsOf(cluster, 'hello/Chat').length, 0);
  });

  it('keeps the bounds of the version that serves until the next one takes over', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [scaled({ initialReplicas: 4 })]));
    await controller.deploy(app('hello', [scaled({ minReplicas: 1, maxReplicas: 2 })]));
    await settle();
    assert.equal(idsOf(cluster, 'hello/Chat').length, 2);
  });
});
