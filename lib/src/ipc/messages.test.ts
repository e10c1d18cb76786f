import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helloOf } from './handshake.js';
import { PASS_MARK, showPeer } from './messages.js';

test('a peer is shown without the pass of a node', () => {
  assert.equal(showPeer(helloOf('agent', `ray-12345678${PASS_MARK}secret`)), 'agent ray-12345678');
  assert.equal(showPeer(helloOf('agent', 'head')), 'agent head');
  assert.equal(showPeer(helloOf('replica', 'app#model#x1')), 'replica app#model#x1');
});
