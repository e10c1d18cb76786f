import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../../core/hand-clock.test-support.js';
import type { Resources } from '../../protocol/index.js';
import { FakeCluster, fakeNode } from '../fake-cluster.test-support.js';
import { app, deployment, sampleAutoscaling } from '../sample-apps.test-support.js';

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
    await cluster.clock.pass(600_000);
    await controller.delete('whole');
    await waiting;
    assert.equal(status()?.status, 'RUNNING');
    assert.deepEqual(visible(cluster), ['0', '0', '1']);
  });

  it('counts GPUs as nvidia-smi does, unless the deployment says otherwise', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    const order = (hash: string) => cluster.running(hash)[0]?.spec.env?.CUDA_DEVICE_ORDER;
    await controller.deploy(app('one', [gpu('One', 'one', 0.5)]));
    const env = { inherit: true, variables: { CUDA_DEVICE_ORDER: 'FASTEST_FIRST' } } as const;
    await controller.deploy(app('own', [gpu('Own', 'own', 0.5, { env })]));
    await controller.deploy(app('none', [gpu('None', 'none', 0)]));
    assert.deepEqual(['one', 'own', 'none'].map(order), ['PCI_BUS_ID', 'FASTEST_FIRST', undefined]);
  });

  it('gives up an update for which there is no room beside the running version', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('both', [gpu('Both', 'one', 2)]));
    const update = controller.deploy(app('both', [gpu('Both', 'two', 2)]));
    const refused = assert.rejects(update, /no room for it within 60000 ms .* local has gpu 0 \+ 0 free.* delete that first/);
    await cluster.clock.pass(61_000);
    await refused;
    assert.equal(cluster.running('one').length, 1);
    assert.equal(controller.status().applications.both?.status, 'RUNNING');
  });

  it('knows what adopted replicas hold, and sets threads if cpu was asked for', async () => {
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

  it('tries elsewhere if a node goes down in a start, and waits if no other one will do', async () => {
    const cluster = new FakeCluster();
    cluster.nodeInfos = [fakeNode('a'), { ...fakeNode('b'), resources: { ...fakeNode('b').resources, custom: { special: 1 } } }];
    const controller = await cluster.controller();
    // The engine knows this before the controller does.
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

  it('refuses at once what no node can ever have, also one that sleeps, and an update', async () => {
    const cluster = new FakeCluster();
    cluster.nodeInfos = [
      fakeNode('a'),
      { ...fakeNode('b'), alive: false, resources: { cpu: 8, gpus: [], memory: 500, custom: {} } },
    ];
    const controller = await cluster.controller();
    const asleep = {
      numReplicas: 0,
      autoscaling: sampleAutoscaling({ minReplicas: 0 }),
    };
    const never: [string, Partial<Resources>, object, RegExp][] = [
      ['gpus', { gpu: 3 }, {}, /each replica takes gpu 3, and a has 2 GPUs; b has no GPU/],
      ['cpu', { cpu: 8.5 }, {}, /takes cpu 8.5, and a has cpu 4; b has cpu 8/],
      ['memory', { memory: 1001 }, { numReplicas: 2 }, /a has memory 1000; b has memory 500/],
      ['custom', { custom: { tpu: 0.1 } }, {}, /a has custom tpu 0; b has custom tpu 0/],
      ['two', { cpu: 5, gpu: 0.5 }, {}, /a has cpu 4, 2 GPUs; b has cpu 8, no GPU/],
      ['asleep', { gpu: 4 }, asleep, /takes gpu 4/],
    ];
    for (const [name, resources, changes, message] of never) {
      const all = { cpu: 0, gpu: 0, memory: 0, custom: {}, ...resources };
      const spec = app(name, [deployment('Inner', `inner of ${name}`), deployment('Much', name, { ...changes, resources: all })]);
      await assert.rejects(controller.deploy(spec), { code: 'NBS_NEVER_FITS', message });
      assert.equal(controller.status().applications[name]?.status, 'DEPLOY_FAILED');
      assert.match(controller.status().applications[name]?.message ?? '', message);
    }
    await settle();
    assert.equal(cluster.replicas.size, 0);
    await controller.deploy(app('gpu', [gpu('Gpu', 'one', 1)]));
    await assert.rejects(controller.deploy(app('gpu', [gpu('Gpu', 'two', 8)])), { code: 'NBS_NEVER_FITS' });
    assert.equal(controller.status().applications.gpu?.status, 'RUNNING');
    assert.equal(cluster.running('one').length, 1);
  });

  it('waits for a node that is to join or is down, and for what others hold', async () => {
    const cluster = new FakeCluster();
    cluster.nodeInfos = [
      fakeNode('a'),
      { ...fakeNode('b'), alive: false, resources: { cpu: 8, gpus: [], memory: 500, custom: {} } },
    ];
    const controller = await cluster.controller();
    const joined = controller.deploy(
      app('later', [deployment('Later', 'l', { resources: { cpu: 6, gpu: 0, memory: 0, custom: {} } })]),
    );
    await settle();
    assert.match(controller.status().applications.later?.message ?? '', /Later waits for room: .*a has cpu 4 free; b is down/);
    cluster.change('b', true);
    await joined;
    cluster.change('b', false);
    await settle();
    const { later } = controller.status().applications;
    assert.match(later?.deployments.Later?.message ?? '', /PENDING/);
    // It ran before and now serves no requests.
    assert.deepEqual([later?.status, later?.deployments.Later?.status], ['UNHEALTHY', 'UNHEALTHY']);
  });
});
