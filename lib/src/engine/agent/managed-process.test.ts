import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackOff } from './managed-process.js';

test('at once, then longer and longer, then never over five seconds', () => {
  const backOff = new BackOff();
  const waits = Array.from({ length: 9 }, () => backOff.next(10));
  assert.deepEqual(waits, [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
});

test('after a run of ten seconds, the waits begin from the start', () => {
  const backOff = new BackOff();
  for (let i = 0; i < 5; i += 1) backOff.next(10);
  assert.equal(backOff.next(10_000), 0);
});
