/** Whoever asks for the first rows waits for no others, and a function runs for them only. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { data } from 'nbserve/data';

/** Counts the rows for which a function is called. */
function counted() {
  const seen = { calls: 0 };
  const note = <T>(row: T): T => {
    seen.calls += 1;
    return row;
  };
  return { seen, note };
}
const items = data.fromItems(Array.from({ length: 5000 }, (_, id) => ({ id })));

test('a function of rows is called for the first rows only', async () => {
  for (const rows of [items, data.range(5000)]) {
    const { seen, note } = counted();
    assert.deepEqual(await rows.map(note).take(3), [{ id: 0 }, { id: 1 }, { id: 2 }]);
    assert.equal(seen.calls, 3);
    await rows.map(note).map(note).limit(4).takeAll();
    assert.equal(seen.calls, 3 + 8);
    assert.deepEqual(await rows.map(note).limit(0).takeAll(), []);
    assert.equal(seen.calls, 11);
  }
  const { seen, note } = counted();
  assert.deepEqual(await items.filter((row) => note(row).id % 2 === 1).take(3), [{ id: 1 }, { id: 3 }, { id: 5 }]);
  assert.equal(seen.calls, 16);
  for await (const row of items.map(note)) if (row.id === 20) break;
  assert.equal(seen.calls, 16 + 16 + 64);
});

test('all rows come, in their order, whatever pieces a function gets', async () => {
  const all = Array.from({ length: 40_000 }, (_, id) => id);
  const rows = data.range(40_000);
  const ids = async (given: { takeAll(): Promise<{ id: number }[]> }) => (await given.takeAll()).map(({ id }) => id);
  assert.deepEqual(await ids(rows.map((row) => row)), all);
  assert.deepEqual(
    await ids(rows.filter(({ id }) => id % 2 === 0)),
    all.filter((id) => id % 2 === 0),
  );
  assert.deepEqual(
    await ids(rows.flatMap(({ id }) => [{ id }, { id: -id }])),
    all.flatMap((id) => [id, -id]),
  );
  // The blocks that were asked for stay as they are.
  const sizes: number[] = [];
  const note = (batch: { id: ArrayLike<number> }) => {
    sizes.push(batch.id.length);
    return { id: batch.id };
  };
  const parts = rows.repartition(4);
  for (const made of [parts.map((row) => row), parts.flatMap((row) => [row, row]).filter(() => true)])
    await made.mapBatches(note, { batchSize: null }).count();
  assert.deepEqual(sizes, [10_000, 10_000, 10_000, 10_000, 20_000, 20_000, 20_000, 20_000]);
});

test('columns that the first rows of a function lack can be chosen and dropped', async () => {
  const rows = data.range(100).map(({ id }) => (id < 50 ? { id } : { id, b: 1 }));
  const chosen = await rows.select('id', 'b').takeAll();
  assert.deepEqual(
    [chosen[0], chosen[99]],
    [
      { id: 0, b: null },
      { id: 99, b: 1 },
    ],
  );
  assert.deepEqual((await rows.dropColumns('b').takeAll()).at(-1), { id: 99 });
  await assert.rejects(rows.select('c' as 'b').takeAll(), { code: 'NBS_NO_SUCH_COLUMN' });
});

test('a generator that does not end gives the rows that are asked for, and is closed', async () => {
  let closed = 0;
  function* forever<T>(make: (id: number) => T): Generator<T> {
    try {
      for (let id = 0; ; id += 1) yield make(id);
    } finally {
      closed += 1;
    }
  }
  const five = [0, 1, 2, 3, 4].map((id) => ({ id }));
  assert.deepEqual(
    await data
      .range(1)
      .flatMap(() => forever((id) => ({ id })))
      .take(5),
    five,
  );
  assert.deepEqual(
    await data
      .range(1)
      .mapBatches(() => forever((id) => ({ id: [id] })))
      .take(5),
    five,
  );
  assert.equal(closed, 2);
});

test('the types of the columns take no second run of a function', async () => {
  const { seen, note } = counted();
  const sorted = data.range(200).map(note).sort('id', { descending: true });
  assert.deepEqual(
    (await sorted.schema()).map(({ name }) => name),
    ['id'],
  );
  assert.equal(seen.calls, 200);
  assert.match(sorted.stats(), /limit\(100\): 100 rows/);
  const none = data
    .range(200)
    .map(note)
    .filter(() => false)
    .sort('id');
  seen.calls = 0;
  assert.deepEqual(await none.columns(), ['id']);
  assert.equal(seen.calls, 200);
  seen.calls = 0;
  assert.deepEqual(await data.range(200).map(note).columns(), ['id']);
  assert.equal(seen.calls, 100);
});
