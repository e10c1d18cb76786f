import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parallel } from './parallel.js';

const COUNT = 200_000;

test('a chart of many rows with different texts takes no time that grows with their square', () => {
  const rows = Array.from({ length: COUNT }, (_, i) => ({ name: `trial ${i}`, loss: i }));
  const { values } = parallel(rows, { columns: ['name', 'loss'] }).data as unknown as { values: readonly { place: number }[] };
  assert.equal(values.length, 2 * COUNT);
  assert.deepEqual([values[0]?.place, values[COUNT - 1]?.place, values.at(-1)?.place], [0, 1, 1]);
});
