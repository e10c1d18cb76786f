import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamNumbers } from './stream-numbers.js';

test('the two sides have numbers of their own, none is 0, and none is used twice at the same time', () => {
  const [odd, even] = [new StreamNumbers('connecting'), new StreamNumbers('accepting')];
  const none = new Set<number>();
  assert.deepEqual([odd.take(none), odd.take(none), even.take(none), even.take(none)], [1, 3, 2, 4]);
  assert.deepEqual([odd.isOurs(5), odd.isOurs(6), even.isOurs(5), even.isOurs(6)], [true, false, false, true]);
  assert.equal(odd.take(new Set([7, 9])), 5);
  assert.equal(odd.take(none), 11);
});
