import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endToEnd } from './headers.js';

test('headers of the connection are dropped, with those that it names', () => {
  const flat = [
    'Host',
    'a',
    'Connection',
    'keep-alive, X-Hop',
    'X-Hop',
    '1',
    'Transfer-Encoding',
    'chunked',
    'Set-Cookie',
    'a',
    'set-cookie',
    'b',
  ];
  assert.deepEqual(endToEnd(flat), ['Host', 'a', 'Set-Cookie', 'a', 'set-cookie', 'b']);
});

test('nothing is copied if nothing has to go', () => {
  const flat = ['accept', '*/*', 'user-agent', 'x'];
  assert.equal(endToEnd(flat), flat);
});
