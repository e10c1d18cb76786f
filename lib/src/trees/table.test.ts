import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readColumns, toColumns } from './table.js';

test('a column that some batches of a data set lack is missing in their rows', async () => {
  async function* iterBatches() {
    yield { a: Float64Array.of(1, 2) };
    yield { a: [3], b: [5] };
  }
  assert.deepEqual(await readColumns('test', { iterBatches }), { a: [1, 2, 3], b: [null, null, 5] });
});

test('a message about what is no table says what the function takes', async () => {
  const code = 'NBS_TREES_NO_TABLE';
  async function* iterBatches() {}
  assert.throws(() => toColumns('predict', { iterBatches } as never), {
    code,
    message: /^predict takes rows .* or columns .*; of a data set, give it `await ds\.toColumns\(\)`.*; it got a data set$/,
  });
  assert.throws(() => toColumns('predict', []), { code, message: /toColumns.*; it got nothing$/ });
  await assert.rejects(readColumns('train', { iterBatches }), { code, message: /or a data set of nbserve\/data; it got/ });
});
