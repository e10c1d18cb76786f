import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServeStatus } from '../host/index.js';
import { isIn, isOf } from './logs-command.js';

describe('the processes that nbserve logs names', () => {
  it('are one, those of a deployment, or the proxies of all nodes', () => {
    const labels = ['controller', 'proxy', 'proxy@node-2', 'Chat#k3f9a2', 'Chat#a1', 'Chats#b2'];
    const of = (name: string): readonly string[] => labels.filter((label) => isOf(label, name));
    assert.deepEqual(of('Chat'), ['Chat#k3f9a2', 'Chat#a1']);
    assert.deepEqual(of('Chat#a1'), ['Chat#a1']);
    assert.deepEqual(of('proxy'), ['proxy', 'proxy@node-2']);
    assert.deepEqual(of('proxy@node-2'), ['proxy@node-2']);
  });

  it('are known to the cluster also if they have printed nothing', () => {
    const status = {
      nodes: [
        { id: 'head', url: 'http://127.0.0.1:8000', grpc: null },
        { id: 'node-2', url: null, grpc: null },
      ],
      applications: { default: { deployments: { Chat: { replicas: [{ id: 'Chat#k3f9a2' }] }, Idle: { replicas: [] } } } },
    } as unknown as ServeStatus;
    const names = ['controller', 'proxy', 'proxy@head', 'Chat', 'Chat#k3f9a2', 'Idle'];
    for (const name of names) assert.ok(isIn(status, name), name);
    for (const name of ['proxy@node-2', 'chat', 'Chat#a1', 'default', '']) assert.ok(!isIn(status, name), name);
  });
});
