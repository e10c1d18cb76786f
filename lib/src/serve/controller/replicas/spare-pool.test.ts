import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../../core/hand-clock.test-support.js';
import type { Controller } from '../controller.js';
import { FakeCluster, type FakeReplica, fakeNode, killed } from '../fake-cluster.test-support.js';
import { app, deployment } from '../sample-apps.test-support.js';
import { isSpare } from './spare-pool.js';

const sparesOf = (cluster: FakeCluster): FakeReplica[] => [...cluster.replicas.values()].filter(isSpare);
const failuresOf = (controller: Controller): string | undefined => controller.status().applications.hello?.message;

/** A cluster with spare processes, and its controller when they are ready. */
async function withSpares(spareReplicas = 1): Promise<{ cluster: FakeCluster; controller: Controller }> {
  const cluster = new FakeCluster();
  cluster.spareReplicas = spareReplicas;
  const controller = await cluster.controller();
  await cluster.clock.pass(1000);
  return { cluster, controller };
}

describe('spare processes', () => {
  it('are there before anything is deployed, as many as are wanted', async () => {
    const { cluster } = await withSpares(3);
    assert.equal(sparesOf(cluster).length, 3);
    for (const { init, spec } of sparesOf(cluster)) {
      assert.equal(init, null);
      assert.deepEqual(spec.env, {});
      assert.equal(spec.cwd, '/cluster');
    }
  });

  it('are not there if they are switched off', async () => {
    const { cluster, controller } = await withSpares(0);
    await controller.deploy(app('hello', [deployment('Chat', 'a')]));
    await cluster.clock.pass(60_000);
    assert.equal(cluster.replicas.size, 1);
  });

  it('become replicas, with their environment and folder, and others take their place', async () => {
    const { cluster, controller } = await withSpares();
    const [spare] = sparesOf(cluster);
    const { name, ...chat } = deployment('Chat', 'a', { env: { inherit: true, variables: { GREETING: 'Yes' } } });
    await controller.deploy(app('hello', [{ name, ...chat }]));
    const [replica] = cluster.running('a');
    assert.equal(replica?.pid, spare?.pid);
    assert.match(replica?.id ?? '', /^Chat#/);
    assert.equal(replica?.init?.replicaId, replica?.id);
    assert.deepEqual(replica?.init?.surroundings, { env: { CUDA_VISIBLE_DEVICES: '', GREETING: 'Yes' }, cwd: '/cluster' });
    assert.equal(cluster.routes.deployments['hello/Chat']?.replicas[0]?.id, replica?.id);
    assert.deepEqual(
      controller.status().applications.hello?.deployments.Chat?.replicas.map(({ id }) => id),
      [replica?.id],
    );
    await cluster.clock.pass(1000);
    assert.equal(sparesOf(cluster).length, 1);
    assert.notEqual(sparesOf(cluster)[0]?.pid, spare?.pid);
  });

  it('are taken while they boot still: that is no slower than a start', async () => {
    const cluster = new FakeCluster();
    cluster.spareReplicas = 1;
    const controller = await cluster.controller();
    await controller.deploy(app('hello', [deployment('Chat', 'a')]));
    assert.equal(cluster.replicas.size, 1);
    assert.match(cluster.running('a')[0]?.spec.id ?? '', /^@spare#/);
  });

  it('wait while replicas come up, but not for one that takes long', async () => {
    const { cluster, controller } = await withSpares();
    cluster.behaviours.set('slow', { hang: true });
    const deploying = controller.deploy(app('hello', [deployment('Chat', 'slow', { numReplicas: 3, startupTimeoutMs: 5000 })]));
    const refused = assert.rejects(deploying, /not ready after 5000 ms/);
    await cluster.clock.pass(900);
    assert.equal(cluster.replicas.size, 3);
    assert.equal(sparesOf(cluster).length, 0);
    await cluster.clock.pass(200);
    assert.equal(sparesOf(cluster).length, 1);
    await cluster.clock.pass(5000);
    await refused;
  });

  it('that inherited everything are not for a replica that may not; the next ones are like that, and for no other', async () => {
    const { cluster, controller } = await withSpares();
    const [whole] = sparesOf(cluster);
    const env = { inherit: ['HF_TOKEN'], variables: {} };
    await controller.deploy(app('hello', [deployment('Chat', 'a', { env })]));
    const [replica] = cluster.running('a');
    assert.notEqual(replica?.pid, whole?.pid);
    assert.deepEqual(replica?.spec.inherit, ['HF_TOKEN']);
    await cluster.clock.pass(60_000);
    const [clean] = sparesOf(cluster);
    assert.deepEqual(clean?.spec.inherit, ['HF_TOKEN']);
    await controller.deploy(app('other', [deployment('Chat', 'b')]));
    assert.notEqual(cluster.running('b')[0]?.pid, clean?.pid);
    await cluster.clock.pass(60_000);
    await controller.deploy(app('hello', [deployment('Chat', 'c', { env, numReplicas: 2 })]));
    assert.ok(cluster.running('c').every(({ spec }) => JSON.stringify(spec.inherit) === '["HF_TOKEN"]'));
  });

  it('are not for a replica whose environment counts from the start of its process', async () => {
    const { cluster, controller } = await withSpares();
    const before = sparesOf(cluster).map(({ pid }) => pid);
    await controller.deploy(
      app('hello', [deployment('Chat', 'a', { env: { inherit: true, variables: { NODE_OPTIONS: '--no-warnings' } } })]),
    );
    await cluster.clock.pass(60_000);
    const { spec } = cluster.running('a')[0] ?? assert.fail();
    assert.match(spec.id, /^Chat#/);
    assert.equal(spec.env?.NODE_OPTIONS, '--no-warnings');
    assert.deepEqual(
      sparesOf(cluster).map(({ pid }) => pid),
      before,
    );
  });

  it('have the thread pool of the replica that was started last', async () => {
    const { cluster, controller } = await withSpares();
    const resources = { cpu: 2, gpu: 0, memory: 0, custom: {} };
    await controller.deploy(app('hello', [deployment('Chat', 'a', { resources })]));
    assert.match(cluster.running('a')[0]?.spec.id ?? '', /^Chat#/);
    await cluster.clock.pass(1000);
    const [spare, ...others] = sparesOf(cluster);
    assert.deepEqual(others, []);
    assert.deepEqual(spare?.spec.env, { UV_THREADPOOL_SIZE: '3' });
    await controller.deploy(app('hello', [deployment('Chat', 'b', { resources })]));
    assert.equal(cluster.running('b')[0]?.pid, spare?.pid);
  });

  it('that end are no failure of anything, and come back with growing pauses', async () => {
    const { cluster, controller } = await withSpares();
    await controller.deploy(app('hello', [deployment('Chat', 'a')]));
    await cluster.clock.pass(1000);
    const lost = async (): Promise<void> => {
      const [spare] = sparesOf(cluster);
      cluster.end(spare?.id ?? '', killed);
      await settle();
    };
    await lost();
    await cluster.clock.pass(1);
    assert.equal(sparesOf(cluster).length, 1);
    await lost();
    await cluster.clock.pass(400);
    assert.equal(sparesOf(cluster).length, 0);
    await cluster.clock.pass(200);
    assert.equal(sparesOf(cluster).length, 1);
    assert.equal(failuresOf(controller), '');
    assert.equal(controller.status().applications.hello?.status, 'RUNNING');
  });

  it('that cannot be started are tried again ever less often, and said so', async () => {
    const cluster = new FakeCluster();
    cluster.spareReplicas = 1;
    cluster.broken.push('@spare#');
    const controller = await cluster.controller();
    await cluster.clock.pass(10_000);
    const tries = cluster.logged.filter((line) => line.includes('was lost'));
    assert.ok(tries.length >= 3 && tries.length <= 7, `${tries.length}`);
    await controller.deploy(app('hello', [deployment('Chat', 'a')]));
    assert.match(cluster.running('a')[0]?.spec.id ?? '', /^Chat#/);
  });

  it('that are gone when they are wanted are made up for by a start', async () => {
    const { cluster, controller } = await withSpares();
    const [spare] = sparesOf(cluster);
    // The agent knows it, and its report is on the way.
    cluster.replicas.delete(spare?.id ?? '');
    await controller.deploy(app('hello', [deployment('Chat', 'a')]));
    assert.equal(cluster.running('a')[0]?.spec.id, cluster.running('a')[0]?.id);
    assert.equal(failuresOf(controller), '');
  });

  it('that end right after they were taken, before they learned what for, are no failure either', async () => {
    const { cluster, controller } = await withSpares();
    const [spare] = sparesOf(cluster);
    cluster.renamed = (replica) => cluster.end(replica.id, killed);
    await controller.deploy(app('hello', [deployment('Chat', 'a')]));
    const [replica] = cluster.running('a');
    assert.notEqual(replica?.pid, spare?.pid);
    assert.equal(failuresOf(controller), '');
  });

  it('of an earlier controller are ended, and its replicas taken over', async () => {
    const { cluster, controller } = await withSpares(0);
    await controller.deploy(app('hello', [deployment('Chat', 'a')]));
    const [replica] = cluster.running('a');
    const id = '@spare#old123';
    await cluster.start({
      id,
      role: 'replica',
      label: id,
      main: '/replica/main.js',
      args: { socketPath: '/cluster/r-old123.sock' },
    });
    cluster.spareReplicas = 1;
    await cluster.controller();
    await cluster.clock.pass(1000);
    assert.deepEqual(cluster.stopped, [id]);
    assert.equal(sparesOf(cluster).length, 1);
    assert.equal(cluster.running('a')[0]?.pid, replica?.pid);
  });

  it('are on every node, and taken where the replica is placed', async () => {
    const cluster = new FakeCluster();
    cluster.nodeInfos = [fakeNode('head'), fakeNode('other')];
    cluster.spareReplicas = 1;
    const controller = await cluster.controller();
    await cluster.clock.pass(1000);
    const nodeOf = ({ spec }: FakeReplica): string | undefined => spec.node;
    const before = sparesOf(cluster);
    assert.deepEqual(before.map(nodeOf).sort(), ['head', 'other']);
    await controller.deploy(app('hello', [deployment('Chat', 'a', { numReplicas: 2 })]));
    assert.deepEqual(new Set(cluster.running('a').map(({ pid }) => pid)), new Set(before.map(({ pid }) => pid)));
    for (const replica of cluster.running('a')) assert.equal(replica.init?.allocation?.node, nodeOf(replica));
    await cluster.clock.pass(1000);
    assert.deepEqual(sparesOf(cluster).map(nodeOf).sort(), ['head', 'other']);
  });

  it('end with the cluster, and stay ended', async () => {
    const { cluster, controller } = await withSpares(2);
    await controller.shutdown();
    await cluster.clock.pass(60_000);
    assert.equal(cluster.replicas.size, 0);
  });
});
