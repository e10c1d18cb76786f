import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CallKinds, handleOps, helloOf, memoryPair } from '../../ipc/index.js';
import type { WorkerOps } from '../agent-ops.js';
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
});
