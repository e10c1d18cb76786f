import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Statistics } from './statistics.js';

test('clients that choose the number of rows do not fill the memory', () => {
  const statistics = new Statistics();
  for (let rows = 1; rows <= 1000; rows += 1) statistics.ran(rows, 1);
  statistics.ran(1, 1);
  const { execution_count: runs, batch_stats: sizes } = statistics.toJSON() as {
    readonly execution_count: number;
    readonly batch_stats: readonly { readonly batch_size: number; readonly compute_infer: { readonly count: number } }[];
  };
  assert.deepEqual([runs, sizes.length], [1001, 256]);
  assert.deepEqual([sizes[0]?.batch_size, sizes[0]?.compute_infer.count], [1, 2]);
});
