import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyValues } from './key-values.js';
import { joinRows } from './key-values.js';

/** One head of width 1, so that each number is a token. */
const cache = (...rows: number[][]): KeyValues => ({
  'past_key_values.0.key': {
    type: 'float32',
    dims: [rows.length, 1, (rows[0] as number[]).length, 1],
    data: Float32Array.from(rows.flat()),
  },
});
const valuesOf = (keyValues: KeyValues) => {
  const { dims, data } = keyValues['past_key_values.0.key'] as { dims: readonly number[]; data: Float32Array };
  const [rows, , tokens] = dims as [number, number, number];
  return Array.from({ length: rows }, (_, row) => [...data.subarray(row * tokens, (row + 1) * tokens)]);
};

test('a shorter row is padded on the left', () => {
  const joined = joinRows([
    { from: cache([1, 2, 3]), row: 0, length: 3 },
    { from: cache([7]), row: 0, length: 1 },
  ]);
  assert.deepEqual(valuesOf(joined), [
    [1, 2, 3],
    [0, 0, 7],
  ]);
});

test('when the longest row leaves, the padding of the others goes', () => {
  const from = cache([1, 2, 3, 4], [0, 0, 5, 6], [0, 0, 0, 8]);
  const joined = joinRows([
    { from, row: 1, length: 2 },
    { from, row: 2, length: 1 },
  ]);
  assert.deepEqual(valuesOf(joined), [
    [5, 6],
    [0, 8],
  ]);
});
