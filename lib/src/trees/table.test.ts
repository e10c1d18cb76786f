import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readColumns } from './table.js';

test('a column that some batches of a data set lack is missing in their rows', async () => {
  async function* iterBatches() {
    yield { a: Float64Array.of(1, 2) };
    yield { a: [3], b: [5] };
  }
  assert.deepEqual(await readColumns('test', { iterBatches }), { a: [1, 2, 3], b: [null, null, 5] });
});
