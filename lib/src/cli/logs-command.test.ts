import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isOf } from './logs-command.js';

describe('the processes that nbserve logs names', () => {
  it('are one, those of a deployment, or the proxies of all nodes', () => {
    const labels = ['controller', 'proxy', 'proxy@node-2', 'Chat#k3f9a2', 'Chat#a1', 'Chats#b2'];
    const of = (name: string): readonly string[] => labels.filter((label) => isOf(label, name));
    assert.deepEqual(of('Chat'), ['Chat#k3f9a2', 'Chat#a1']);
    assert.deepEqual(of('Chat#a1'), ['Chat#a1']);
    assert.deepEqual(of('proxy'), ['proxy', 'proxy@node-2']);
    assert.deepEqual(of('proxy@node-2'), ['proxy@node-2']);
  });
});
