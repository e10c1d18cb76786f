import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deferred } from '../../core/index.js';
import { type CallKinds, handleOps, helloOf, memoryPair } from '../../ipc/index.js';
import type { WorkerOps } from '../agent-ops.js';
import type { ProcessInfo, ProcessSpec } from '../engine.js';
import { ClusterStopping } from '../errors.js';
import type { Agent } from './agent.js';
import { WorkerNode } from './worker-node.js';

describe('a node of another machine', () => {
  it('is sent each blob once, and again if the head had removed it', async () => {
    const head = { keepLine() {}, keepExit() {} } as unknown as Agent;
    const node = new WorkerNode({ id: 'n', head, onChange() {} });
    const [here, there] = memoryPair(helloOf('agent', 'head'), helloOf('agent', 'n'), {} as CallKinds);
    const kept: (readonly string[])[] = [];
    there.onCall = handleOps<Pick<WorkerOps, 'ping' | 'keepBlobs' | 'logs' | 'exits'>>({
      ping: () => undefined,
      keepBlobs: ({ hashes }) => {
        kept.push(hashes);
        return undefined;
      },
      logs: () => new Promise(() => {}),
      exits: () => new Promise(() => {}),
    });
    node.attach(here);
    const sent: string[] = [];
    let fails = true;
    const send = async (hash: string): Promise<void> => {
      sent.push(hash);
      if (fails) throw new Error('cut');
    };
    await assert.rejects(node.bring(['a'], send), /cut/);
    fails = false;
    await Promise.all([node.bring(['a', 'b'], send), node.bring(['b', 'a'], send)]);
    await node.bring(['a', 'b'], send);
    assert.deepEqual(sent, ['a', 'a', 'b']);
    await node.keepBlobs(new Set(['b']));
    assert.deepEqual(kept, [['b']]);
    await node.bring(['a', 'b'], send);
    assert.deepEqual(sent, ['a', 'a', 'b', 'a']);
    node.leave();
    here.destroy();
  });

  /** A node with the process `a`, whose agent starts nothing else. */
  async function leavingNode() {
    const told: string[] = [];
    const head = {
      keepLine() {},
      keepExit: ({ id, exit }: ProcessInfo) => told.push(`${id} ${exit?.name}`),
    } as unknown as Agent;
    const node = new WorkerNode({ id: 'n', head, onChange: (alive) => told.push(alive ? 'up' : 'down') });
    const [here, there] = memoryPair(helloOf('agent', 'head'), helloOf('agent', 'n'), {} as CallKinds);
    const left = deferred<void>();
    there.onCall = handleOps<Pick<WorkerOps, 'ping' | 'start' | 'untilLeaving' | 'logs' | 'exits'>>({
      ping: () => undefined,
      start: ({ id, label }) => {
        if (id !== 'a') throw ClusterStopping({ label });
        return undefined;
      },
      untilLeaving: async () => void (await left.promise),
      logs: () => new Promise(() => {}),
      exits: () => new Promise(() => {}),
    });
    node.attach(here);
    const start = (id: string): Promise<unknown> => node.start({ id, role: 'replica', label: id, main: '' } as ProcessSpec);
    await start('a');
    return { node, told, here, left, start };
  }

  it('that leaves counts as down at once, and what runs there is reported once, as of a node that leaves', async () => {
    const { node, told, here, left, start } = await leavingNode();
    left.resolve();
    while (node.alive) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(told, ['up', 'down', 'a NODE_LEFT']);
    await assert.rejects(start('b'), { code: 'NBS_NODE_LOST' });
    assert.deepEqual(await node.list(), []);
    here.destroy();
    await here.closed;
    assert.deepEqual(told, ['up', 'down', 'a NODE_LEFT']);
  });

  it('that starts nothing more is a lost node, unless the whole cluster ends', async () => {
    const { node, here, start } = await leavingNode();
    await assert.rejects(start('b'), { code: 'NBS_NODE_LOST' });
    node.leave();
    await assert.rejects(start('b'), { code: 'NBS_CLUSTER_STOPPING' });
    here.destroy();
  });
});
