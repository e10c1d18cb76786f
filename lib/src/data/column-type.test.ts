import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joined, typeOfColumn } from './column-type.js';

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

test('objects of which each has a key of its own are no structs', () => {
  const refused = { code: 'NBS_MIXED_COLUMN', message: /column m has objects with more than 1000 members.*Maps/ };
  const objects = (count: number, of: number) => Array.from({ length: count }, (_, i) => ({ [`k${i % of}`]: i }));
  assert.throws(() => typeOfColumn('m', objects(16_384, 16_384)), refused);
  const start = performance.now();
  const some = typeOfColumn('m', objects(100_000, 900));
  assert.ok(performance.now() - start < 2000);
  assert.equal(some.kind === 'struct' && some.entries.size, 900);
  // Objects that have many members are one type.
  const wide = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`k${i}`, i + 0.5]));
  const type = typeOfColumn('m', [wide, wide, {}]);
  assert.equal(joined('m', type, typeOfColumn('m', [wide])), type);
});
