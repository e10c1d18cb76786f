import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typeOfColumn } from './column-type.js';

test('a column of a typed array of bigints has whole numbers, also an empty one', () => {
  const safe = BigInt(Number.MAX_SAFE_INTEGER);
  const kindOf = (values: BigInt64Array | BigUint64Array) => typeOfColumn('n', values).kind;
  assert.equal(kindOf(new BigInt64Array()), 'int64');
  assert.equal(kindOf(new BigUint64Array()), 'int64');
  assert.equal(kindOf(BigInt64Array.of(-safe, safe)), 'int64');
  assert.equal(kindOf(BigInt64Array.of(1n, -safe - 1n)), 'wide');
  assert.equal(kindOf(BigUint64Array.of(safe + 1n, 2n ** 63n - 1n)), 'wide');
  assert.equal(kindOf(BigUint64Array.of(2n ** 63n, 1n)), 'huge');
});
