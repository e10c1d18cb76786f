import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../core/hand-clock.test-support.js';
import { FakeCluster } from './fake-cluster.test-support.js';
import { app, deployment } from './sample-apps.test-support.js';

const gpus = (name: string, numReplicas: number, gpu: number) =>
  deployment(name, name, { numReplicas, resources: { cpu: 0, gpu, memory: 0, custom: {} } });

describe('what the engine is told about replicas that wait for room', () => {
  it('is what each takes, and nothing when they run or are no longer wanted', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    await controller.deploy(app('first', [gpus('First', 1, 2)]));
    assert.deepEqual(cluster.wanted.at(-1), []);
    const waiting = controller.deploy(app('second', [gpus('Second', 3, 1)]));
    waiting.catch(() => {});
    await settle();
    assert.deepEqual(cluster.wanted.at(-1), [{ gpu: 1 }, { gpu: 1 }, { gpu: 1 }]);
    await controller.delete('first');
    await settle();
    assert.deepEqual(cluster.wanted.at(-1), [{ gpu: 1 }]);
    await controller.delete('second');
    await settle();
    assert.deepEqual(cluster.wanted.at(-1), []);
  });

  it('is told again by a controller that takes over', async () => {
    const cluster = new FakeCluster();
    const first = await cluster.controller();
    await first.deploy(app('first', [gpus('First', 1, 2)]));
    cluster.wanted.push([{ cpu: 1 }]);
    const second = await cluster.controller();
    await settle();
    assert.deepEqual(cluster.wanted.at(-1), []);
    second.deploy(app('second', [gpus('Second', 1, 1)])).catch(() => {});
    await settle();
    assert.deepEqual(cluster.wanted.at(-1), [{ gpu: 1 }]);
  });
});
