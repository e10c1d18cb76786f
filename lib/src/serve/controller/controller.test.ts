import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../core/hand-clock.test-support.js';
import { hasCode } from '../../core/index.js';
import { RouteTaken, Superseded, scopedDeploymentKey } from '../protocol/index.js';
import { FakeCluster, idsOf, killed } from './fake-cluster.test-support.js';
import { DeployFailed } from './replicas/errors.js';
import { app, deployment } from './sample-apps.test-support.js';

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

  it('knows for a while what an earlier controller expected, and then only what drivers have said again', async () => {
    const cluster = new FakeCluster();
    const first = await cluster.controller();
    first.expected.add('one', '/one');
    first.expected.add('two', '/two');
    first.expected.add('three', '/three')();
    const second = await cluster.controller();
    const rising = (): unknown => cluster.routes.rising?.map(({ prefix }) => prefix).sort();
    assert.deepEqual(rising(), ['/one', '/two']);
    const forget = second.expected.add('one', '/one');
    await settle();
    assert.deepEqual(rising(), ['/one', '/two']);
    await cluster.clock.pass(60_000);
    assert.deepEqual(rising(), ['/one']);
    forget();
    await settle();
    assert.equal(rising(), undefined);
    await cluster.controller();
    assert.equal(rising(), undefined);
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
    await cluster.clock.pass(20_000);
    cluster.checkpoint.failure = null;
    await cluster.clock.pass(5000);
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
    // In each snapshot, either both deployments are new or neither is.
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

  it('rolls an update out replica by replica if that is asked for, never short of replicas', async () => {
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
      const { deployments } = snapshot;
      const shared = deployments['hello/Inner'];
      const inScope = deployments[scopedDeploymentKey('hello', 'Inner', generation)] ?? shared;
      return { inScope: inScope?.replicas[0]?.id, elsewhere: shared?.replicas[0]?.id };
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
    await cluster.clock.pass(5001);
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

  it('answers at once if nobody waits for the replicas', async () => {
    const cluster = new FakeCluster();
    cluster.behaviours.set('a', { slowDrain: true });
    const controller = await cluster.controller();
    await controller.deploy(app('one', [deployment('Chat', 'a')]));
    const [replica] = cluster.running('a');
    assert.deepEqual(await controller.delete('one', { wait: false }), { deleted: true });
    await settle();
    assert.deepEqual([cluster.routes.routes, cluster.stopped], [[], []]);
    assert.equal(controller.status().applications.one?.status, 'DELETING');
    replica?.finishDrain();
    await settle();
    assert.deepEqual(controller.status().applications, {});
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
    await cluster.clock.pass(1000);
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

describe('user configuration', () => {
  it('reaches running replicas before deploy resolves, and is taken back if one refuses it', async () => {
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
    cluster.behaviours.set('a', { reconfigure: () => Promise.reject(reconfigureError) });
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
