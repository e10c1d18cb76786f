import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CallKinds, type Channel, handleOps, helloOf, memoryPair } from '../../ipc/index.js';
import type { WorkerOps } from '../agent-ops.js';
import type { NodeChange, NodeInfo } from '../engine.js';
import type { RayNodes } from '../ray/index.js';
import type { Agent } from './agent.js';
import type { Gate } from './gate.js';
import { JoinedNodes } from './joined-nodes.js';
import type { Nodes } from './nodes.js';

const resources = { cpu: 4, gpus: [], memory: 1000, custom: {} };

function made(expected: readonly NodeInfo[] = []) {
  const said: string[] = [];
  const changes: NodeChange[] = [];
  const head = { keepLine() {}, keepExit() {} } as unknown as Agent;
  const all = {
    add: ({ id }: { id: string }) => said.push(`add ${id}`),
    remove: (id: string) => said.push(`remove ${id}`),
    changed: (change: NodeChange) => changes.push(change),
  };
  const gate = {
    onNode: async (_: string, __: Channel) => {},
    forget: (id: string) => said.push(`gate forgets ${id}`),
    close() {},
  };
  const ray = {
    expected,
    joined: (id: string) => said.push(`joined ${id}`),
    lost: (id: string) => said.push(`lost ${id}`),
    close() {},
  };
  const nodes = new JoinedNodes(head, all as unknown as Nodes, gate as unknown as Gate, {
    dir: '/nowhere',
    ray: ray as unknown as RayNodes,
  });
  const join = async (id: string): Promise<Channel> => {
    const [here, there] = memoryPair(helloOf('agent', 'head'), helloOf('agent', id), {} as CallKinds);
    there.onCall = handleOps<Pick<WorkerOps, 'machine' | 'ping' | 'logs' | 'exits'>>({
      machine: () => ({ ip: '10.0.0.2', resources }),
      ping: () => undefined,
      logs: () => new Promise(() => {}),
      exits: () => new Promise(() => {}),
    });
    await gate.onNode(id, here);
    return here;
  };
  return { nodes, said, changes, join, ids: () => nodes.list().map(({ id, alive }) => `${id} ${alive}`) };
}

describe('the nodes of other machines', () => {
  it('are listed while they are expected, connected, and for some time after they were lost', async () => {
    const expected: NodeInfo = { id: 'a', ip: '10.0.0.2', alive: false, isJoined: true, resources };
    const { nodes, said, changes, join, ids } = made([expected, { ...expected, id: 'b' }]);
    assert.deepEqual(ids(), ['a false', 'b false']);
    const channel = await join('a');
    assert.deepEqual(ids(), ['a true', 'b false']);
    const before = Date.now();
    channel.destroy();
    await channel.closed;
    assert.deepEqual(ids(), ['a false', 'b false']);
    nodes.forget(before);
    assert.deepEqual(said, ['add a', 'joined a', 'lost a']);
    nodes.forget(Date.now() + 1);
    assert.deepEqual(said.slice(3), ['remove a', 'gate forgets a']);
    assert.deepEqual(changes, [
      { id: 'a', alive: true },
      { id: 'a', alive: false },
      { id: '', alive: false },
    ]);
    await nodes.close();
  });

  it('are not forgotten while they are connected', async () => {
    const { nodes, join, ids } = made();
    const channel = await join('a');
    nodes.forget(Date.now() + 1);
    assert.deepEqual(ids(), ['a true']);
    channel.destroy();
    await nodes.close();
  });
});
