import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../../core/hand-clock.test-support.js';
import { FakeCluster, idsOf, killed } from '../fake-cluster.test-support.js';
import { app, deployment } from '../sample-apps.test-support.js';

describe('a replica that dies', () => {
  it('leaves the routes at once, is replaced at once, and then after growing pauses', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('one', [deployment('Chat', 'a')]));
    const [first] = cluster.running('a');
    cluster.end(first?.id ?? '', killed);
    await settle();
    // Requests wait for its replacement.
    assert.ok(cluster.snapshots.every(({ deployments }) => deployments['one/Chat']?.unavailable === undefined));
    assert.equal(idsOf(cluster, 'one/Chat').length, 1);
    cluster.end(idsOf(cluster, 'one/Chat')[0] ?? '', killed);
    await settle();
    assert.equal(idsOf(cluster, 'one/Chat').length, 0);
    assert.equal(controller.status().applications.one?.status, 'UNHEALTHY');
    assert.match(controller.status().applications.one?.message ?? '', /0 of 1 replicas run.*SIGKILL/);
    await cluster.clock.pass(499);
    assert.equal(idsOf(cluster, 'one/Chat').length, 0);
    await cluster.clock.pass(2);
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
      if (deaths < 3) await cluster.clock.pass(600);
      else {
        assert.equal(status, 'FAILED');
        assert.match(message, /0 of 1 replicas run: .*SIGKILL/);
        assert.match(unavailable ?? '', /SIGKILL/);
        assert.match(controller.status().applications.one?.message ?? '', /Chat: 0 of 1 replicas run: .*SIGKILL/);
      }
    }
    await cluster.clock.pass(1100);
    assert.equal(controller.status().applications.one?.deployments.Chat?.status, 'HEALTHY');
    assert.equal(cluster.routes.deployments['one/Chat']?.unavailable, undefined);
  });

  it('is replaced even if only its connection broke', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('one', [deployment('Chat', 'a')]));
    const [first] = cluster.running('a');
    first?.close();
    await cluster.clock.pass(2000);
    assert.ok(cluster.stopped.includes(first?.id ?? ''));
    assert.equal(idsOf(cluster, 'one/Chat').length, 1);
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
    await cluster.clock.pass(50_000);
    assert.deepEqual(idsOf(cluster, 'hello/Chat'), [id]);
    failing = 3;
    await cluster.clock.pass(29_000);
    assert.deepEqual(idsOf(cluster, 'hello/Chat'), [id]);
    await cluster.clock.pass(2000);
    assert.notDeepEqual(idsOf(cluster, 'hello/Chat'), [id]);
    assert.match(cluster.logged.join('\n'), /failed 3 health checks in a row: no connection/);
  });

  it('replace one that hangs after the deadline', async () => {
    const cluster = new FakeCluster();
    cluster.behaviours.set('a', { checkHealth: () => new Promise(() => {}) });
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [deployment('Chat', 'a', { healthCheckTimeoutMs: 5000 })]));
    const [id] = idsOf(cluster, 'hello/Chat');
    await cluster.clock.pass(14_999);
    assert.deepEqual(idsOf(cluster, 'hello/Chat'), [id]);
    cluster.behaviours.delete('a');
    await cluster.clock.pass(1);
    await cluster.clock.pass(1000);
    assert.ok(cluster.stopped.includes(id as string));
    assert.equal(idsOf(cluster, 'hello/Chat').length, 1);
    await cluster.clock.pass(60_000);
    assert.equal(cluster.stopped.length, 1);
  });
});

describe('a replica that a call blocks', () => {
  const blockedFor = async (changes: Parameters<typeof deployment>[2] = {}) => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [deployment('Chat', 'a', { healthCheckTimeoutMs: 5000, ...changes })]));
    const [id] = idsOf(cluster, 'hello/Chat');
    cluster.behaviours.set('a', {
      checkHealth: () => new Promise(() => {}),
      blocked: { since: cluster.clock.now(), isOver: false },
    });
    return { cluster, controller, id: id as string };
  };

  it('is left alone, and replaced when it goes on to be silent without one', async () => {
    const { cluster, id } = await blockedFor();
    await cluster.clock.pass(600_000);
    assert.deepEqual(idsOf(cluster, 'hello/Chat'), [id]);
    cluster.behaviours.set('a', { checkHealth: () => new Promise(() => {}) });
    await cluster.clock.pass(4000);
    assert.deepEqual(idsOf(cluster, 'hello/Chat'), [id]);
    await cluster.clock.pass(3000);
    assert.notDeepEqual(idsOf(cluster, 'hello/Chat'), [id]);
  });

  it('is replaced when nobody has waited for it for stuckTimeout', async () => {
    const { cluster, id } = await blockedFor({ stuckTimeoutMs: 60_000 });
    await cluster.clock.pass(100_000);
    cluster.awaited = new Set();
    await cluster.clock.pass(40_000);
    cluster.awaited.add(id);
    await cluster.clock.pass(2000);
    cluster.awaited.clear();
    await cluster.clock.pass(59_000);
    assert.deepEqual(idsOf(cluster, 'hello/Chat'), [id]);
    await cluster.clock.pass(4000);
    assert.notDeepEqual(idsOf(cluster, 'hello/Chat'), [id]);
    assert.match(cluster.logged.join('\n'), /is stuck: .* has gone on for 60000 ms after everybody .* \(stuckTimeout\)/);
  });

  it('is left alone, and is healthy, while a debugger has stopped it, even if nobody waits for its calls', async () => {
    const { cluster, controller, id } = await blockedFor({ stuckTimeoutMs: 1000 });
    const { since } = cluster.behaviours.get('a')?.blocked ?? assert.fail();
    const blocked = { since, isOver: false, isDebugged: true } as const;
    cluster.behaviours.set('a', { checkHealth: () => new Promise(() => {}), blocked });
    cluster.awaited = new Set();
    await cluster.clock.pass(600_000);
    assert.deepEqual(idsOf(cluster, 'hello/Chat'), [id]);
    await controller.fullStatus();
    await settle();
    const { status, message } = controller.status().applications.hello?.deployments.Chat ?? assert.fail();
    assert.equal(status, 'HEALTHY');
    assert.equal(message, `${id} stands at a breakpoint of a debugger since ${new Date(since).toISOString()}`);
    cluster.behaviours.set('a', { checkHealth: () => new Promise(() => {}), blocked: { since, isOver: false } });
    await cluster.clock.pass(30_000);
    assert.notDeepEqual(idsOf(cluster, 'hello/Chat'), [id]);
  });

  it('has a status that says since when, and whether its deadlines are over', async () => {
    const { cluster, controller, id } = await blockedFor();
    const { since } = cluster.behaviours.get('a')?.blocked ?? assert.fail();
    await controller.fullStatus();
    await settle();
    const { status, message, replicas } = controller.status().applications.hello?.deployments.Chat ?? assert.fail();
    assert.deepEqual([status, replicas[0]?.blockedSince], ['HEALTHY', since]);
    assert.equal(
      message,
      `${id} has been busy in one call since ${new Date(since).toISOString()}, and answers nothing else meanwhile`,
    );
    cluster.behaviours.set('a', { blocked: { since, isOver: true } });
    await controller.fullStatus();
    await settle();
    const ill = controller.status().applications.hello?.deployments.Chat ?? assert.fail();
    assert.equal(ill.status, 'UNHEALTHY');
    assert.match(ill.message, /the deadlines of its calls are over$/);
    cluster.behaviours.delete('a');
    await controller.fullStatus();
    await settle();
    assert.equal(controller.status().applications.hello?.deployments.Chat?.status, 'HEALTHY');
  });
});

describe('a reconfigure that does not end within startupTimeout', () => {
  const version = (userConfig: unknown) => app('hello', [deployment('Chat', 'a', { userConfig })]);
  const hanging = async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(version(1));
    const [first] = cluster.running('a');
    cluster.behaviours.set('a', { reconfigureHangs: true });
    return { cluster, controller, first: first ?? assert.fail() };
  };

  it('gives its update up, and its replica is replaced by one with the configuration before', async () => {
    const { cluster, controller, first } = await hanging();
    const refused = assert.rejects(controller.deploy(version(2)), {
      code: 'NBS_DEPLOY_FAILED',
      message: /reconfigure of replica Chat#\w+ has not ended after 60000 ms \(startupTimeout\)/,
    });
    await cluster.clock.pass(60_500);
    await refused;
    assert.equal(cluster.checkpoint.stored?.apps.get('hello')?.live?.spec.deployments[0]?.config.userConfig, 1);
    assert.match(controller.status().applications.hello?.message ?? '', /^the last update failed .*has not ended/);
    await cluster.clock.pass(2000);
    assert.deepEqual(cluster.stopped, [first.id]);
    const [second] = cluster.running('a');
    assert.equal(second?.init?.config.userConfig, 1);
    assert.deepEqual(idsOf(cluster, 'hello/Chat'), [second?.id]);
  });

  it('leaves a replica that a request blocks: the call waits behind that', async () => {
    const { cluster, controller, first } = await hanging();
    cluster.behaviours.set('a', { reconfigureHangs: true, blocked: { since: cluster.clock.now(), isOver: false } });
    const refused = assert.rejects(controller.deploy(version(2)), { code: 'NBS_DEPLOY_FAILED' });
    await cluster.clock.pass(65_000);
    await refused;
    assert.deepEqual(idsOf(cluster, 'hello/Chat'), [first.id]);
  });

  it('does not hold up a newer update, with which the replacement starts', async () => {
    const { cluster, controller, first } = await hanging();
    const earlier = assert.rejects(controller.deploy(version(2)), { code: 'NBS_DEPLOY_FAILED' });
    await cluster.clock.pass(30_000);
    const later = controller.deploy(version(3));
    await cluster.clock.pass(32_000);
    await earlier;
    await later;
    assert.deepEqual(cluster.stopped, [first.id]);
    assert.equal(cluster.running('a')[0]?.init?.config.userConfig, 3);
  });
});
