import assert from 'node:assert/strict';
import { test } from 'node:test';
import { urlOf } from './cluster-folder.js';

test('the address of a server is one that a client on this machine can use', () => {
  assert.equal(urlOf('127.0.0.1', 8000), 'http://127.0.0.1:8000');
  assert.equal(urlOf('0.0.0.0', 80), 'http://127.0.0.1:80');
  assert.equal(urlOf('::', 8000), 'http://[::1]:8000');
});
