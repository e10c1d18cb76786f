import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listOf } from './errors.js';

test('names are listed; if they are very many, only the first ones', () => {
  assert.equal(listOf([]), 'none');
  assert.equal(listOf(['a', 'b']), 'a, b');
  const many = Array.from({ length: 1000 }, (_, i) => `/${i}`);
  assert.match(listOf(many), /^\/0, \/1, .*, \/19 and 980 more$/);
});
