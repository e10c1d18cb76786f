import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasCode } from '../../core/index.js';
import { type AutoscalingMetrics, DeployFailed, findDeploymentRoute, RouteTaken, Superseded } from '../protocol/index.js';
import { app, deployment, FakeCluster, fakeNode, killed, settle } from './fake-cluster.test-support.js';

const idsOf = (cluster: FakeCluster, key: string): string[] =>
  (cluster.routes.deployments[key as `${string}/${string}`]?.replicas ?? []).map(({ id }) => id);

describe('deploy', () => {
  it('routes to every replica of a first version, and only once all of them run', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    const { routesVersion } = await controller.deploy(app('hello', [deployment('Chat', 'a', { numReplicas: 2 })]));
    assert.equal(cluster.routes.version, routesVersion);
    assert.deepEqual(cluster.routes.routes, [{ prefix: '/hello', app: 'hello', deployment: 'Chat' }]);
    assert.equal(idsOf(cluster, 'hello/Chat').length, 2);
    assert.match(idsOf(cluster, 'hello/Chat')[0] ?? '', /^Chat#[0-9a-z]{6}$/);
    const withRoute = cluster.snapshots.filter(({ routes }) => routes.length > 0);
    assert.ok(withRoute.every(({ deployments }) => deployments['hello/Chat']?.replicas.length === 2));
    const { spec } = [...cluster.replicas.values()][0] ?? assert.fail();
    assert.equal(spec.env?.CUDA_VISIBLE_DEVICES, '');
    const status = controller.status().applications.hello;
    assert.equal(status?.status, 'RUNNING');
    assert.equal(status?.deployments.Chat?.status, 'HEALTHY');
    assert.ok(status?.deployments.Chat?.replicas.every(({ state }) => state === 'RUNNING'));
  });

  it('writes the target down before it starts anything', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    cluster.checkpoint.failure = new Error('no space left');
    await assert.rejects(controller.deploy(app('hello', [deployment('Chat', 'a')])), /no space left/);
    assert.equal(cluster.replicas.size, 0);
    assert.deepEqual(controller.status().applications, {});
  });

  it('goes on with a full disk, says so, and writes as soon as there is room', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('one', [deployment('Chat', 'a')]));
    await controller.deploy(app('two', [deployment('Chat', 'b')]));
    cluster.checkpoint.failure = new Error('no space left');
    await assert.rejects(controller.deploy(app('one', [deployment('Chat', 'c')])), /no space left/);
    assert.deepEqual(controller.status().warnings, ['no space left']);
    cluster.end(idsOf(cluster, 'one/Chat')[0] ?? '', killed);
    await settle();
    assert.equal(idsOf(cluster, 'one/Chat').length, 1);
    assert.deepEqual(await controller.delete('two'), { deleted: true });
    await cluster.clock.advance(20_000);
    cluster.checkpoint.failure = null;
    await cluster.clock.advance(5000);
    assert.deepEqual(controller.status().warnings, []);
    assert.deepEqual([...(cluster.checkpoint.stored?.apps.keys() ?? [])], ['one']);
  });

  it('switches an update in one snapshot and stops the old replicas after they drained', async () => {
    const cluster = new FakeCluster();
    cluster.behaviours.set('a', { slowDrain: true });
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [deployment('Inner', 'i1'), deployment('Chat', 'a')]));
    const [old] = cluster.running('a');
    const before = cluster.snapshots.length;
    await controller.deploy(app('hello', [deployment('Inner', 'i2'), deployment('Chat', 'b')]));
    const fresh = [cluster.running('i2')[0]?.id, cluster.running('b')[0]?.id];
    const seen = cluster.snapshots
      .slice(before)
      .map(({ deployments }) => ['hello/Inner', 'hello/Chat'].map((key) => deployments[key as 'a/b']?.replicas[0]?.id));
    // In each snapshot either both are new or none is.
    for (const [inner, outer] of seen) assert.equal(inner === fresh[0], outer === fresh[1]);
    assert.deepEqual(seen.at(-1), fresh);
    await settle();
    assert.equal(old?.draining, true);
    assert.ok(!cluster.stopped.includes(old.id));
    assert.equal(controller.status().applications.hello?.deployments.Chat?.replicas.length, 2);
    old.finishDrain();
    await settle();
    assert.ok(cluster.stopped.includes(old.id));
  });

  const rolling = { numReplicas: 4, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };

  it('rolls an update out replica by replica where that is asked for, never short of replicas', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [deployment('Chat', 'a', { numReplicas: 4 })]));
    const before = cluster.snapshots.length;
    await controller.deploy(app('hello', [deployment('Chat', 'b', rolling)]));
    const fresh = new Set(cluster.running('b').map(({ id }) => id));
    const steps = cluster.snapshots.slice(before).map(({ deployments }) => {
      const ids = (deployments['hello/Chat']?.replicas ?? []).map(({ id }) => id);
      return `${ids.filter((id) => !fresh.has(id)).length}+${ids.filter((id) => fresh.has(id)).length}`;
    });
    assert.deepEqual(
      [...new Set(steps)].filter((step) => !step.startsWith('4+0')),
      ['3+1', '2+2', '1+3', '0+4'],
    );
    assert.equal(controller.status().applications.hello?.deployments.Chat?.status, 'HEALTHY');
    await settle();
    assert.equal(cluster.replicas.size, 4);
  });

  it('takes a rolling update back whose later replicas cannot start', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [deployment('Chat', 'a', { numReplicas: 4 })]));
    const start = cluster.start.bind(cluster);
    cluster.start = async (spec) => {
      if (cluster.running('b').length === 2) cluster.behaviours.set('b', { constructorError: new Error('no room left') });
      await start(spec);
    };
    await assert.rejects(controller.deploy(app('hello', [deployment('Chat', 'b', rolling)])), /no room left/);
    await settle();
    assert.equal(cluster.running('a').length, 4);
    assert.equal(cluster.replicas.size, 4);
    assert.equal(idsOf(cluster, 'hello/Chat').length, 4);
    const status = controller.status().applications.hello;
    assert.deepEqual([status?.status, status?.deployments.Chat?.status], ['RUNNING', 'HEALTHY']);
  });

  it('starts inner deployments first, visible to outer constructors and to nobody else', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    const version = (inner: string, outer: string) =>
      app('hello', [deployment('Inner', inner), { ...deployment('Outer', outer), dependencies: ['Inner'] }]);
    const seenBy = (outer: string) => {
      const { generation, routesVersion } = cluster.running(outer)[0]?.init ?? assert.fail();
      const snapshot = cluster.snapshots.find(({ version: number }) => number === routesVersion) ?? assert.fail();
      const inScope = findDeploymentRoute(snapshot, 'hello', 'Inner', generation)?.replicas[0]?.id;
      const elsewhere = findDeploymentRoute(snapshot, 'hello', 'Inner')?.replicas[0]?.id;
      return { inScope, elsewhere };
    };
    await controller.deploy(version('i1', 'o1'));
    const first = cluster.running('i1')[0]?.id;
    assert.deepEqual(seenBy('o1'), { inScope: first, elsewhere: first });
    await controller.deploy(version('i2', 'o2'));
    assert.deepEqual(seenBy('o2'), { inScope: cluster.running('i2')[0]?.id, elsewhere: first });
    assert.deepEqual(Object.keys(cluster.routes.deployments), ['hello/Inner', 'hello/Outer']);
  });

  it("rejects with the constructor's own error and leaves the old version alone", async () => {
    const cluster = new FakeCluster();
    const thrown = Object.assign(new TypeError('no model'), { stack: 'TypeError: no model\n    at new Chat (cell[3].ts:2:9)' });
    cluster.behaviours.set('bad', { constructorError: thrown });
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [deployment('Chat', 'a')]));
    const before = idsOf(cluster, 'hello/Chat');
    await assert.rejects(controller.deploy(app('hello', [deployment('Chat', 'bad')])), (error) => error === thrown);
    await settle();
    assert.deepEqual(idsOf(cluster, 'hello/Chat'), before);
    assert.deepEqual([...cluster.replicas.keys()], before);
    const status = controller.status().applications.hello;
    assert.equal(status?.status, 'RUNNING');
    assert.match(status.message, /last update failed.*no model/);
  });

  it('shows a first version that failed, and leaves its route free', async () => {
    const cluster = new FakeCluster();
    cluster.behaviours.set('bad', { crash: { code: 1, signal: null, name: 'CRASHED', stderrTail: ['boom'] } });
    const controller = await cluster.controller();
    await assert.rejects(controller.deploy(app('one', [deployment('Chat', 'bad')], '/')), (error: Error) => {
      assert.ok(hasCode(error, DeployFailed));
      assert.match(error.message, /CRASHED, exit code 1.*boom/s);
      return true;
    });
    assert.equal(controller.status().applications.one?.status, 'DEPLOY_FAILED');
    assert.match(controller.status().applications.one?.message ?? '', /boom/);
    await controller.deploy(app('two', [deployment('Chat', 'good')], '/'));
    await settle();
    assert.equal(cluster.replicas.size, 1);
  });

  it('gives up a start that takes too long', async () => {
    const cluster = new FakeCluster();
    cluster.behaviours.set('slow', { hang: true });
    const controller = await cluster.controller();
    const deploying = controller.deploy(app('one', [deployment('Chat', 'slow', { startupTimeoutMs: 5000 })]));
    const rejected = assert.rejects(deploying, /not ready after 5000 ms/);
    await cluster.clock.advance(5001);
    await rejected;
    assert.equal(cluster.replicas.size, 0);
  });

  it('refuses a route that another application has', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('one', [deployment('Chat', 'a')], '/'));
    const taken = controller.deploy(app('two', [deployment('Chat', 'a')], '/'));
    await assert.rejects(taken, (error) => hasCode(error, RouteTaken));
    assert.deepEqual(Object.keys(controller.status().applications), ['one']);
  });

  it('lets a newer deploy supersede an older one of the same application', async () => {
    const cluster = new FakeCluster();
    cluster.behaviours.set('slow', { hang: true });
    const controller = await cluster.controller();
    const older = controller.deploy(app('one', [deployment('Chat', 'slow')]));
    const superseded = assert.rejects(older, (error) => hasCode(error, Superseded));
    await settle();
    await controller.deploy(app('one', [deployment('Chat', 'b')]));
    await superseded;
    await settle();
    assert.deepEqual([...cluster.replicas.keys()], idsOf(cluster, 'one/Chat'));
    const many = ['c', 'd', 'e'].map((hash) => controller.deploy(app('one', [deployment('Chat', hash)])));
    const results = await Promise.allSettled(many);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'rejected', 'fulfilled'],
    );
  });

  it('scales and pushes numbers without a restart', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('one', [deployment('Chat', 'a')]));
    const [first] = cluster.running('a');
    await controller.deploy(app('one', [deployment('Chat', 'a', { numReplicas: 3, maxOngoingRequests: 7 })]));
    await settle();
    assert.equal(idsOf(cluster, 'one/Chat').length, 3);
    assert.ok(idsOf(cluster, 'one/Chat').includes(first?.id ?? ''));
    assert.equal(first?.configs.at(-1)?.maxOngoingRequests, 7);
    assert.equal(cluster.routes.deployments['one/Chat']?.maxOngoingRequests, 7);
    await controller.deploy(app('one', [deployment('Chat', 'a', { numReplicas: 0, maxOngoingRequests: 7 })]));
    await settle();
    assert.equal(cluster.replicas.size, 0);
    assert.match(cluster.routes.deployments['one/Chat']?.unavailable ?? '', /numReplicas is 0/);
  });
});

describe('a replica that dies', () => {
  it('leaves the routes at once, is replaced at once, and then after growing pauses', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('one', [deployment('Chat', 'a')]));
    const [first] = cluster.running('a');
    cluster.end(first?.id ?? '', killed);
    await settle();
    // Requests wait for its successor.
    assert.ok(cluster.snapshots.every(({ deployments }) => deployments['one/Chat']?.unavailable === undefined));
    assert.equal(idsOf(cluster, 'one/Chat').length, 1);
    cluster.end(idsOf(cluster, 'one/Chat')[0] ?? '', killed);
    await settle();
    assert.equal(idsOf(cluster, 'one/Chat').length, 0);
    assert.equal(controller.status().applications.one?.status, 'UNHEALTHY');
    assert.match(controller.status().applications.one?.message ?? '', /0 of 1 replicas run.*SIGKILL/);
    await cluster.clock.advance(499);
    assert.equal(idsOf(cluster, 'one/Chat').length, 0);
    await cluster.clock.advance(2);
    assert.equal(idsOf(cluster, 'one/Chat').length, 1);
    assert.equal(controller.status().applications.one?.status, 'RUNNING');
  });

  it('whose successors die as well is FAILED, and requests are told why at once', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('one', [deployment('Chat', 'a')]));
    for (let deaths = 1; deaths <= 3; deaths += 1) {
      cluster.end(idsOf(cluster, 'one/Chat')[0] ?? '', killed);
      await settle();
      const { status, message = '' } = controller.status().applications.one?.deployments.Chat ?? {};
      const { unavailable } = cluster.routes.deployments['one/Chat'] ?? {};
      if (deaths === 2) assert.deepEqual([status, unavailable], ['UNHEALTHY', undefined]);
      if (deaths < 3) await cluster.clock.advance(600);
      else {
        assert.equal(status, 'FAILED');
        assert.match(message, /0 of 1 replicas run: .*SIGKILL/);
        assert.match(unavailable ?? '', /SIGKILL/);
        assert.match(controller.status().applications.one?.message ?? '', /Chat: 0 of 1 replicas run: .*SIGKILL/);
      }
    }
    await cluster.clock.advance(1100);
    assert.equal(controller.status().applications.one?.deployments.Chat?.status, 'HEALTHY');
    assert.equal(cluster.routes.deployments['one/Chat']?.unavailable, undefined);
  });

  it('is replaced also where only its connection broke', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('one', [deployment('Chat', 'a')]));
    const [first] = cluster.running('a');
    first?.close();
    await cluster.clock.advance(2000);
    assert.ok(cluster.stopped.includes(first?.id ?? ''));
    assert.equal(idsOf(cluster, 'one/Chat').length, 1);
  });
});

describe('delete and shutdown', () => {
  it('takes the routes away first, then drains, then stops', async () => {
    const cluster = new FakeCluster();
    cluster.behaviours.set('a', { slowDrain: true });
    const controller = await cluster.controller();
    await controller.deploy(app('one', [deployment('Chat', 'a')]));
    const [replica] = cluster.running('a');
    const deleting = controller.delete('one');
    await settle();
    assert.deepEqual(cluster.routes.routes, []);
    assert.equal(controller.status().applications.one?.status, 'DELETING');
    assert.deepEqual(cluster.stopped, []);
    replica?.finishDrain();
    assert.deepEqual(await deleting, { deleted: true });
    assert.deepEqual(controller.status().applications, {});
    assert.deepEqual(await controller.delete('one'), { deleted: false });
  });

  it('gives up a deploy that is on its way, and takes no other after a shutdown', async () => {
    const cluster = new FakeCluster();
    cluster.behaviours.set('slow', { hang: true });
    const controller = await cluster.controller();
    const deploying = assert.rejects(controller.deploy(app('one', [deployment('Chat', 'slow')])), (error) =>
      hasCode(error, Superseded),
    );
    await settle();
    await controller.shutdown();
    await deploying;
    assert.equal(cluster.replicas.size, 0);
    await assert.rejects(controller.deploy(app('one', [deployment('Chat', 'b')])), (error) => hasCode(error, Superseded));
  });
});

describe('a restarted controller', () => {
  it('takes over what runs, and counts versions on', async () => {
    const cluster = new FakeCluster();
    const first = await cluster.controller();
    await first.deploy(app('one', [deployment('Chat', 'a', { numReplicas: 2 })]));
    const before = idsOf(cluster, 'one/Chat');
    const version = cluster.routes.version;
    await cluster.clock.advance(1000);
    const second = await cluster.controller();
    await settle();
    assert.deepEqual(idsOf(cluster, 'one/Chat').sort(), before.sort());
    assert.ok(cluster.routes.version > version);
    assert.equal(second.status().applications.one?.status, 'RUNNING');
    assert.equal(cluster.replicas.size, 2);
    await second.deploy(app('one', [deployment('Chat', 'b')]));
    await settle();
    assert.deepEqual([...cluster.replicas.keys()], idsOf(cluster, 'one/Chat'));
  });
});

describe('autoscaling', () => {
  const autoscaling = {
    minReplicas: 0,
    maxReplicas: 4,
    initialReplicas: null,
    targetOngoingRequests: 2,
    upscaleDelayMs: 1000,
    downscaleDelayMs: 5000,
    metricsIntervalMs: 100,
    lookBackPeriodMs: 1000,
    upscalingFactor: 1,
    downscalingFactor: 1,
  };
  const scaled = (changes = {}) => deployment('Chat', 'a', { numReplicas: 0, autoscaling: { ...autoscaling, ...changes } });
  const load = async (
    cluster: FakeCluster,
    controller: Awaited<ReturnType<FakeCluster['controller']>>,
    now: number,
    ms: number,
  ) => {
    for (let i = 0; i < ms; i += 100) {
      controller.demand('proxy/1', { deployments: { 'hello/Chat': { average: now, periodMs: 100, now } } });
      await cluster.clock.advance(100);
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
    await cluster.clock.advance(10_000);
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
    await cluster.clock.advance(60_000);
    assert.equal(cluster.routes.deployments['hello/Chat']?.unavailable, undefined);
    cluster.behaviours.delete('a');
    await load(cluster, controller, 1, 100);
    assert.equal(idsOf(cluster, 'hello/Chat').length, 1);
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
      await cluster.clock.advance(900);
      assert.equal(replicas(), 1, 'it has to be wanted for the whole delay');
      await cluster.clock.advance(500);
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
      await cluster.clock.advance(4900);
      assert.equal(replicas(), 4);
      await cluster.clock.advance(500);
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
        await cluster.clock.advance(200);
        assert.match(
          message() ?? '',
          /^its policy Chat\.policy does not say how many replicas .*it answered with .*a number of at least 0$/,
        );
      }
      steer.answer = () => {
        throw new RangeError('no idea');
      };
      await cluster.clock.advance(200);
      assert.match(message() ?? '', /RangeError: no idea$/);
      assert.equal(replicas(), 1);
      assert.ok(cluster.logged.some((line) => /hello\/Chat: its policy .*no idea; the number stays as it is/.test(line)));
      steer.answer = () => 2;
      await cluster.clock.advance(200);
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

  it('keeps the bounds of the version that serves until the next one takes over', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [scaled({ initialReplicas: 4 })]));
    await controller.deploy(app('hello', [scaled({ minReplicas: 1, maxReplicas: 2 })]));
    await settle();
    assert.equal(idsOf(cluster, 'hello/Chat').length, 2);
  });
});

describe('health checks', () => {
  it('replace a replica that fails three in a row, and not one that fails less', async () => {
    const cluster = new FakeCluster();
    let failing = 2;
    const checkHealth = () => (failing-- > 0 ? Promise.reject(new Error('no connection')) : Promise.resolve());
    cluster.behaviours.set('a', { checkHealth });
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [deployment('Chat', 'a')]));
    const [id] = idsOf(cluster, 'hello/Chat');
    await cluster.clock.advance(50_000);
    assert.deepEqual(idsOf(cluster, 'hello/Chat'), [id]);
    failing = 3;
    await cluster.clock.advance(29_000);
    assert.deepEqual(idsOf(cluster, 'hello/Chat'), [id]);
    await cluster.clock.advance(2000);
    assert.notDeepEqual(idsOf(cluster, 'hello/Chat'), [id]);
    assert.match(cluster.logged.join('\n'), /failed 3 health checks in a row: no connection/);
  });

  it('replace one that hangs after the deadline', async () => {
    const cluster = new FakeCluster();
    cluster.behaviours.set('a', { checkHealth: () => new Promise(() => {}) });
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [deployment('Chat', 'a', { healthCheckTimeoutMs: 5000 })]));
    const [id] = idsOf(cluster, 'hello/Chat');
    await cluster.clock.advance(14_999);
    assert.deepEqual(idsOf(cluster, 'hello/Chat'), [id]);
    cluster.behaviours.delete('a');
    await cluster.clock.advance(1);
    await cluster.clock.advance(1000);
    assert.ok(cluster.stopped.includes(id as string));
    assert.equal(idsOf(cluster, 'hello/Chat').length, 1);
    await cluster.clock.advance(60_000);
    assert.equal(cluster.stopped.length, 1);
  });
});

describe('user configuration', () => {
  it('reaches running replicas before deploy resolves, and is taken back where one refuses it', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    const version = (userConfig: unknown) => app('hello', [deployment('Chat', 'a', { userConfig })]);
    await controller.deploy(version(1));
    const [id] = idsOf(cluster, 'hello/Chat');
    await controller.deploy(version(2));
    assert.deepEqual(idsOf(cluster, 'hello/Chat'), [id]);
    const { configs } = cluster.running('a')[0] ?? assert.fail();
    assert.deepEqual(
      configs.map(({ userConfig }) => userConfig),
      [2],
    );
    const reconfigureError = new RangeError('too hot');
    cluster.behaviours.set('a', { reconfigureError });
    await assert.rejects(controller.deploy(version(3)), (error) => error === reconfigureError);
    await settle();
    assert.deepEqual(
      configs.map(({ userConfig }) => userConfig),
      [2, 3, 2],
    );
    assert.equal(cluster.checkpoint.stored?.apps.get('hello')?.live?.spec.deployments[0]?.config.userConfig, 2);
    assert.match(controller.status().applications.hello?.message ?? '', /too hot/);
  });
});

describe('resources', () => {
  const gpu = (name: string, hash: string, share: number, changes = {}) =>
    deployment(name, hash, { resources: { cpu: 0, gpu: share, memory: 0, custom: {} }, ...changes });
  const visible = (cluster: FakeCluster) => [...cluster.replicas.values()].map(({ spec }) => spec.env?.CUDA_VISIBLE_DEVICES);

  it('lets parts share a GPU, and starts what waited when room comes', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('parts', [gpu('Part', 'p', 0.5, { numReplicas: 2 })]));
    await controller.deploy(app('whole', [gpu('Whole', 'w', 1)]));
    assert.deepEqual(visible(cluster), ['0', '0', '1']);
    const waiting = controller.deploy(app('more', [gpu('More', 'm', 0.5)]));
    await settle();
    const status = () => controller.status().applications.more;
    assert.equal(status()?.status, 'DEPLOYING');
    assert.match(status()?.message ?? '', /More waits for room: each replica takes gpu 0.5, and local has gpu 0 \+ 0 free/);
    assert.match(status()?.deployments.More?.message ?? '', /0 of 1 replicas run; PENDING/);
    await cluster.clock.advance(600_000);
    await controller.delete('whole');
    await waiting;
    assert.equal(status()?.status, 'RUNNING');
    assert.deepEqual(visible(cluster), ['0', '0', '1']);
  });

  it('gives up an update for which there is no room beside the running version', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('both', [gpu('Both', 'one', 2)]));
    const update = controller.deploy(app('both', [gpu('Both', 'two', 2)]));
    const refused = assert.rejects(update, /no room for it within 60000 ms .* local has gpu 0 \+ 0 free.* delete that first/);
    await cluster.clock.advance(61_000);
    await refused;
    assert.equal(cluster.running('one').length, 1);
    assert.equal(controller.status().applications.both?.status, 'RUNNING');
  });

  it('knows what adopted replicas hold, and sets threads where cpu was asked for', async () => {
    const cluster = new FakeCluster();
    const first = await cluster.controller();
    await first.deploy(app('both', [gpu('Both', 'one', 2)]));
    const controller = await cluster.controller();
    void controller.deploy(app('more', [gpu('More', 'm', 0.5)])).catch(() => {});
    await settle();
    assert.match(controller.status().applications.more?.message ?? '', /gpu 0 \+ 0 free/);
    await controller.deploy(app('cpu', [deployment('Cpu', 'c', { resources: { cpu: 2.5, gpu: 0, memory: 0, custom: {} } })]));
    const [replica] = cluster.running('c');
    assert.equal(replica?.spec.env?.OMP_NUM_THREADS, '2');
    assert.equal(replica?.spec.env?.CUDA_VISIBLE_DEVICES, '');
  });

  it('replaces what goes down with a node elsewhere, at once, and counts it as no failure', async () => {
    const cluster = new FakeCluster();
    cluster.nodeInfos = ['a', 'b', 'c'].map(fakeNode);
    const controller = await cluster.controller();
    await controller.deploy(app('spread', [deployment('Spread', 's', { numReplicas: 3 })]));
    const nodes = () => cluster.running('s').map(({ spec }) => spec.node);
    assert.deepEqual(nodes().sort(), ['a', 'b', 'c']);
    for (let loss = 0; loss < 5; loss += 1) {
      cluster.change('b', false);
      await settle();
      assert.deepEqual([nodes().length, nodes().includes('b')], [3, false]);
      cluster.change('b', true);
      const [victim] = cluster.running('s');
      cluster.change(victim?.spec.node as string, false);
      await settle();
      assert.ok(nodes().includes('b'));
      cluster.change(victim?.spec.node as string, true);
    }
    assert.equal(controller.status().applications.spread?.status, 'RUNNING');
    assert.deepEqual(
      controller.status().nodes.map(({ id, alive }) => [id, alive]),
      ['a', 'b', 'c'].map((id) => [id, true]),
    );
  });

  it('tries elsewhere where a node goes down in a start, and waits where no other one will do', async () => {
    const cluster = new FakeCluster();
    cluster.nodeInfos = [fakeNode('a'), { ...fakeNode('b'), resources: { ...fakeNode('b').resources, custom: { special: 1 } } }];
    const controller = await cluster.controller();
    // It is told to the engine before it is told here.
    cluster.nodeInfos = cluster.nodeInfos.map((node) => ({ ...node, alive: node.id !== 'a' }));
    const deployed = controller.deploy(app('one', [deployment('One', 'o')]));
    await settle();
    cluster.change('a', false);
    await deployed;
    assert.deepEqual(
      cluster.running('o').map(({ spec }) => spec.node),
      ['b'],
    );
    const resources = { cpu: 0, gpu: 0, memory: 0, custom: { special: 1 } };
    await controller.deploy(app('special', [deployment('Special', 's', { resources })]));
    cluster.change('b', false);
    await settle();
    assert.match(controller.status().applications.special?.deployments.Special?.message ?? '', /PENDING.*a is down; b is down/);
    cluster.change('b', true);
    await settle();
    assert.equal(cluster.running('s').length, 1);
    assert.equal(controller.status().applications.special?.status, 'RUNNING');
  });
});
