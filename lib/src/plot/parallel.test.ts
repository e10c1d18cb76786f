import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parallel } from './parallel.js';

/** The place of each row in a column. */
function places(rows: readonly object[], column: string): (number | null)[] {
  const { values } = parallel(rows, { columns: [column] }).data as unknown as {
    values: readonly { readonly place: number | null }[];
  };
  return values.map(({ place }) => place);
}

test('a missing number is a gap, and the others keep their order', () => {
  for (const missing of [undefined, null, Number.NaN, Number.POSITIVE_INFINITY]) {
    const rows = [0.1, 5, 0.2, missing].map((lr) => ({ lr }));
    assert.deepEqual(places(rows, 'lr'), [0, 1, (0.2 - 0.1) / (5 - 0.1), null]);
  }
  assert.deepEqual(places([{ n: 1n }, { n: 3n }, { n: null }, { n: 2n }], 'n'), [0, 1, null, 0.5]);
  assert.deepEqual(places([{ n: 1 }, {}, { n: 1 }], 'n'), [0.5, null, 0.5]);
  assert.deepEqual(places([{ name: 'a' }, { name: 'b' }, { name: null }], 'name'), [0, 0.5, 1]);
});

test('a column that no row has is refused', () => {
  const rows = [{ lr: 1, loss: 2 }, { lr: 2 }];
  assert.equal(places(rows, 'loss').length, 2);
  for (const [options, message] of [
    [{ columns: ['lr', 'los'] }, /plot\.parallel: option columns must be one of lr, loss, got los/],
    [{ columns: ['lr', 'loss'], color: 'los' }, /option color must be one of lr, loss, got los/],
    [{ columns: [] }, /option columns must be at least one column, got \[\]/],
  ] as const)
    assert.throws(() => parallel(rows, options), { code: 'NBS_INVALID_OPTION', message });
});

const COUNT = 200_000;

test('a chart of many rows with different texts takes no time that grows with their square', () => {
  const rows = Array.from({ length: COUNT }, (_, i) => ({ name: `trial ${i}`, loss: i }));
  const { values } = parallel(rows, { columns: ['name', 'loss'] }).data as unknown as { values: readonly { place: number }[] };
  assert.equal(values.length, 2 * COUNT);
  assert.deepEqual([values[0]?.place, values[COUNT - 1]?.place, values.at(-1)?.place], [0, 1, 1]);
});
