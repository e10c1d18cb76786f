import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../core/hand-clock.test-support.js';
import { type Deferred, deferred } from '../../core/index.js';
import type { AppSpec } from '../protocol/index.js';
import { type Behaviour, FakeCluster, fakeNode, idsOf } from './fake-cluster.test-support.js';
import { app, deployment } from './sample-apps.test-support.js';

const resources = { cpu: 0, gpu: 1, memory: 0, custom: {} };

describe('an update without room', () => {
  const version = (front: string, numReplicas: number) =>
    app('hello', [
      deployment('Model', 'm', { numReplicas, resources }),
      { ...deployment('Front', front), dependencies: ['Model'] },
    ]);
  const running = async () => {
    const cluster = new FakeCluster();
    cluster.nodeInfos = [fakeNode('a'), fakeNode('b')];
    const controller = await cluster.controller();
    await controller.deploy(version('f1', 4));
    assert.equal(idsOf(cluster, 'hello/Model').length, 4);
    return { cluster, controller };
  };

  it('goes live if a node is lost and it does not change the deployment that is short of replicas', async () => {
    const { cluster, controller } = await running();
    cluster.change('b', false);
    await settle();
    await controller.deploy(version('f2', 4));
    assert.equal(idsOf(cluster, 'hello/Model').length, 2);
    assert.equal(cluster.running('f2').length, 1);
    assert.match(controller.status().applications.hello?.message ?? '', /^Model: 2 of 4 replicas run; PENDING/);
    cluster.change('b', true);
    await settle();
    assert.equal(controller.status().applications.hello?.status, 'RUNNING');
  });

  it('is refused if it wants more, and nothing of that is told of the version that runs on', async () => {
    const { cluster, controller } = await running();
    const refused = assert.rejects(controller.deploy(version('f1', 6)), {
      code: 'NBS_DEPLOY_FAILED',
      message: /there was no room for it within 60000 ms \(startupTimeout\)/,
    });
    await cluster.clock.pass(60_001);
    await refused;
    await settle();
    const { status, deployments } = controller.status().applications.hello ?? assert.fail();
    assert.deepEqual([status, deployments.Model?.status, deployments.Model?.numReplicas], ['RUNNING', 'HEALTHY', 4]);
    assert.equal(deployments.Model?.lastFailure, undefined);
  });
});

/** A cluster whose replicas with the code `a` apply each userConfig but `A` when the test says so. */
async function trying() {
  const cluster = new FakeCluster();
  const tries = new Map<unknown, Deferred<void>>();
  const tried = (userConfig: unknown): Deferred<void> => {
    const known = tries.get(userConfig) ?? deferred<void>();
    tries.set(userConfig, known);
    return known;
  };
  cluster.behaviours.set('a', {
    reconfigure: (userConfig) => (userConfig === 'A' ? Promise.resolve() : tried(userConfig).promise),
  });
  const controller = await cluster.controller();
  const version = (userConfig: string) => app('hello', [deployment('Chat', 'a', { userConfig })]);
  await controller.deploy(version('A'));
  const stored = () => cluster.checkpoint.stored?.apps.get('hello')?.live?.spec.deployments[0]?.config.userConfig;
  const refuse = (userConfig: string): void => tried(userConfig).reject(new Error(`${userConfig} is wrong`));
  /** Sends it while those that were sent before are still tried. */
  const send = async (userConfig: string) => {
    const sent = controller.deploy(version(userConfig)).then(
      () => 'accepted',
      (error: Error) => error.message,
    );
    await settle();
    return { ended: sent };
  };
  return { cluster, controller, version, tried, refuse, stored, send };
}

describe('configurations in a row, while replicas still try the first one', () => {
  it('go back to the version that runs, and not to one that was refused', async () => {
    const { cluster, controller, refuse, stored, send } = await trying();
    const [b, c] = [await send('B'), await send('C')];
    refuse('B');
    assert.equal(await b.ended, 'B is wrong');
    refuse('C');
    assert.equal(await c.ended, 'C is wrong');
    await settle();
    assert.equal(stored(), 'A');
    assert.equal(cluster.running('a')[0]?.configs.at(-1)?.userConfig, 'A');
    assert.match(controller.status().applications.hello?.message ?? '', /the last update failed .*C is wrong/);
  });

  it('go back to the last one that was accepted', async () => {
    const { tried, refuse, stored, send } = await trying();
    const [b, c] = [await send('B'), await send('C')];
    tried('B').resolve();
    assert.equal(await b.ended, 'accepted');
    refuse('C');
    assert.equal(await c.ended, 'C is wrong');
    await settle();
    assert.equal(stored(), 'B');
  });

  it('stay if the last one is accepted', async () => {
    const { tried, refuse, stored, send } = await trying();
    const [b, c] = [await send('B'), await send('C')];
    refuse('B');
    assert.equal(await b.ended, 'B is wrong');
    tried('C').resolve();
    assert.equal(await c.ended, 'accepted');
    assert.equal(stored(), 'C');
  });
});

describe('a configuration that is taken back', () => {
  const declared = (spec: AppSpec): AppSpec => ({ ...spec, declared: {} });
  const begin = async (old: Behaviour = {}) => {
    const all = await trying();
    const { cluster, controller, version } = all;
    cluster.behaviours.set('old', old);
    for (const name of ['old', 'older']) await controller.deploy(declared(app(name, [deployment('Chat', name)])));
    for (const name of ['other', 'stranger']) await controller.deploy(app(name, [deployment('Chat', name)]));
    await controller.traffic.set('/split', { weights: { old: 1, other: 3 }, stickyBy: null, mirror: null });
    const rule = cluster.checkpoint.stored?.traffic.get('/split');
    const together = { id: 'x', members: ['hello'], removes: ['old', 'older'] };
    const refused = assert.rejects(controller.deploy({ ...declared(version('B')), together }), /B is wrong/);
    await settle();
    return { ...all, rule, refused };
  };
  const apps = ({ checkpoint }: FakeCluster) => [...(checkpoint.stored?.apps.keys() ?? [])].sort();

  it('brings back what it has removed, with its share of a split', async () => {
    const { cluster, refuse, stored, rule, refused } = await begin();
    assert.deepEqual(apps(cluster), ['hello', 'other', 'stranger']);
    assert.equal(cluster.checkpoint.stored?.traffic.get('/split')?.arms.length, 1);
    refuse('B');
    await refused;
    await settle();
    assert.deepEqual(apps(cluster), ['hello', 'old', 'older', 'other', 'stranger']);
    assert.equal(stored(), 'A');
    assert.equal(cluster.checkpoint.stored?.traffic.get('/split'), rule);
    assert.equal(idsOf(cluster, 'old/Chat').length, 1);
  });

  it('brings nothing back that users delete meanwhile', async () => {
    const { cluster, controller, refuse, refused, rule } = await begin({ slowDrain: true });
    assert.deepEqual(await controller.delete('stranger'), { deleted: true });
    const deleting = controller.delete('old');
    await settle();
    cluster.running('old')[0]?.finishDrain();
    assert.deepEqual(await deleting, { deleted: true });
    refuse('B');
    await refused;
    await settle();
    assert.deepEqual(apps(cluster), ['hello', 'older', 'other']);
    assert.deepEqual(cluster.checkpoint.stored?.traffic.get('/split'), { ...rule, arms: [{ app: 'other', weight: 1 }] });
  });

  it('brings nothing back that users delete when its replicas have already ended', async () => {
    const { cluster, controller, refuse, refused } = await begin();
    assert.equal(cluster.running('old').length, 0);
    assert.deepEqual(await controller.delete('old'), { deleted: true });
    assert.deepEqual(await controller.delete('old'), { deleted: false });
    refuse('B');
    await refused;
    await settle();
    assert.deepEqual(apps(cluster), ['hello', 'older', 'other', 'stranger']);
  });

  /** The next configuration, which removes what earlier ones have deployed and it does not name. */
  const after = (
    { controller, version }: Awaited<ReturnType<typeof begin>>,
    userConfig: string,
    more: readonly AppSpec[] = [],
  ) => {
    const specs = [version(userConfig), ...more].map(declared);
    const members = specs.map(({ name }) => name);
    const removes = Object.keys(controller.declared()).filter((name) => !members.includes(name));
    const together = { id: userConfig, members, removes };
    return Promise.allSettled(specs.map((spec) => controller.deploy({ ...spec, together })));
  };

  it('brings nothing back that a later configuration does not name either', async () => {
    const all = await begin();
    const { cluster, refuse, refused, tried, stored } = all;
    const newer = after(all, 'C', [app('older', [deployment('Chat', 'older')])]);
    await settle();
    refuse('B');
    await refused;
    await settle();
    assert.deepEqual(apps(cluster), ['hello', 'older', 'other', 'stranger']);
    tried('C').resolve();
    await newer;
    await settle();
    assert.deepEqual(apps(cluster), ['hello', 'older', 'other', 'stranger']);
    assert.equal(stored(), 'C');
  });

  it('brings nothing back after a later configuration was accepted that does not name it', async () => {
    const all = await begin();
    const { cluster, refuse, refused, tried, stored } = all;
    const newer = after(all, 'C');
    await settle();
    tried('C').resolve();
    await newer;
    refuse('B');
    await refused;
    await settle();
    assert.deepEqual(apps(cluster), ['hello', 'other', 'stranger']);
    assert.equal(stored(), 'C');
  });

  it('leaves it to a later one that is refused too to bring back what both have removed', async () => {
    const all = await begin();
    const { cluster, refuse, refused, stored } = all;
    const newer = after(all, 'C');
    await settle();
    refuse('B');
    await refused;
    refuse('C');
    await newer;
    await settle();
    assert.deepEqual(apps(cluster), ['hello', 'old', 'older', 'other', 'stranger']);
    assert.equal(stored(), 'A');
  });

  it('is followed by a later one that removes again what came back', async () => {
    const all = await begin();
    const { cluster, controller, refuse, refused, tried } = all;
    cluster.nodeInfos = [fakeNode('a')];
    await controller.deploy(app('holder', [deployment('Chat', 'holder', { numReplicas: 2, resources })]));
    const newer = after(all, 'C', [app('new', [deployment('Chat', 'new', { resources })])]);
    await settle();
    refuse('B');
    await refused;
    await settle();
    assert.deepEqual(apps(cluster), ['hello', 'holder', 'new', 'old', 'older', 'other', 'stranger']);
    await controller.delete('holder');
    await settle();
    tried('C').resolve();
    await newer;
    assert.deepEqual(apps(cluster), ['hello', 'new', 'other', 'stranger']);
  });

  it('keeps the routes until then that would come back', async () => {
    const { cluster, controller, refuse, refused, version, tried } = await begin();
    for (const prefix of ['/old', '/older'])
      await assert.rejects(controller.deploy(app('thief', [deployment('Chat', 'thief')], prefix)), { code: 'NBS_ROUTE_TAKEN' });
    refuse('B');
    await refused;
    const moving = controller.deploy({ ...version('M'), routePrefix: '/v2' });
    await settle();
    assert.deepEqual(cluster.routes.routes.find(({ app: name }) => name === 'hello')?.prefix, '/v2');
    const thief = app('thief', [deployment('Chat', 'thief')], '/hello');
    await assert.rejects(controller.deploy(thief), { code: 'NBS_ROUTE_TAKEN' });
    tried('M').resolve();
    await moving;
    await controller.deploy(thief);
  });

  it('goes back to a version that its application has accepted, if others of the same configuration still try theirs', async () => {
    const { controller, cluster, version, refuse, tried } = await trying();
    const ys = new Map<string, Deferred<void>>();
    cluster.behaviours.set('y', {
      reconfigure: (userConfig) => {
        const one = deferred<void>();
        ys.set(String(userConfig), one);
        return one.promise;
      },
    });
    const y = (userConfig: string) => app('y', [deployment('Chat', 'y', { userConfig })]);
    const configOfY = () => cluster.checkpoint.stored?.apps.get('y')?.live?.spec.deployments[0]?.config.userConfig;
    for (const [end, last] of [
      ['accepted', 'B'],
      ['refused', 'A'],
    ] as const) {
      await controller.delete('y');
      await controller.deploy(y('A'));
      const together = { id: end, members: ['hello', 'y'], removes: [] };
      const both = Promise.allSettled([version(end), y('B')].map((spec) => controller.deploy({ ...spec, together })));
      await settle();
      ys.get('B')?.resolve();
      await settle();
      const single = assert.rejects(controller.deploy(y('C')), /C is wrong/);
      await settle();
      ys.get('C')?.reject(new Error('C is wrong'));
      await single;
      await settle();
      assert.equal(configOfY(), 'B');
      if (end === 'accepted') tried(end).resolve();
      else refuse(end);
      await both;
      await settle();
      assert.equal(configOfY(), last);
    }
  });

  it('brings nothing back after a shutdown', async () => {
    const { cluster, controller, refuse, refused } = await begin();
    void refused.catch(() => {});
    await controller.shutdown();
    refuse('B');
    await settle();
    assert.deepEqual(apps(cluster), []);
    assert.equal(cluster.checkpoint.stored?.traffic.size, 0);
    assert.equal(cluster.replicas.size, 0);
  });
});
