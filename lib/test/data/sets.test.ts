import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { data } from 'nbserve/data';
import { markProcess, markText } from '../../dist/core/index.js';

const folder = mkdtempSync(join(tmpdir(), 'nbserve-sets-'));
const at = (name: string): string => join(folder, name);
after(() => rmSync(folder, { recursive: true }));

writeFileSync(
  at('trips.csv'),
  'id,city,tip,day\n1,Köln,2.5,2020-01-02\n2,,,2020-01-03\n3,"a, b",7,2020-01-03\n4,Köln,0,2020-01-02\n',
);
interface Trip {
  id: number;
  city: string | null;
  tip: number | null;
  day: Date;
}
const trips = data.readCsv<Trip>(at('trips.csv'));
const ids = (rows: readonly { id: number }[]): number[] => rows.map(({ id }) => id);

test('a CSV file: schema, rows, columns, number of rows', async () => {
  assert.deepEqual(await trips.schema(), [
    { name: 'id', type: 'BIGINT' },
    { name: 'city', type: 'VARCHAR' },
    { name: 'tip', type: 'DOUBLE' },
    { name: 'day', type: 'DATE' },
  ]);
  assert.deepEqual(await trips.take(2), [
    { id: 1, city: 'Köln', tip: 2.5, day: new Date('2020-01-02') },
    { id: 2, city: null, tip: null, day: new Date('2020-01-03') },
  ]);
  assert.deepEqual((await trips.takeBatch(2)).id, [1, 2]);
  assert.equal(await trips.count(), 4);
  assert.deepEqual(await trips.columns(), ['id', 'city', 'tip', 'day']);
});

test('select, dropColumns, filter, limit', async () => {
  assert.deepEqual(await trips.select('tip', 'id').take(1), [{ tip: 2.5, id: 1 }]);
  assert.deepEqual(await trips.dropColumns('city', 'day').take(1), [{ id: 1, tip: 2.5 }]);
  assert.deepEqual(ids(await trips.filter('tip > 1 -- more than one').takeAll()), [1, 3]);
  assert.deepEqual(ids(await trips.filter(({ tip }) => tip !== null && tip > 1).takeAll()), [1, 3]);
  assert.deepEqual(
    ids(
      await trips
        .map((row) => row)
        .select('id')
        .limit(3)
        .takeAll(),
    ),
    [1, 2, 3],
  );
  assert.deepEqual(await trips.limit(0).takeAll(), []);
  const wrong = trips.select('tips' as 'tip');
  await assert.rejects(wrong.take(), {
    code: 'NBS_NO_SUCH_COLUMN',
    message: /select\(tips\).*no column tips.*id, city, tip, day/,
  });
  await assert.rejects(trips.filter('tips > 1').take(), { code: 'NBS_DATA_QUERY', message: /tips/ });
});

test('map, flatMap and mapBatches', async () => {
  const lengths = trips.map(async ({ id, city }) => ({ id, length: city?.length ?? 0 }));
  assert.deepEqual((await lengths.toColumns()).length, [4, 0, 4, 4]);
  assert.deepEqual(ids(await trips.flatMap(({ id }) => Array.from({ length: id % 3 }, () => ({ id }))).takeAll()), [1, 2, 2, 4]);
  const sizes: number[] = [];
  const doubled = data.range(10).mapBatches(
    (batch) => {
      sizes.push(batch.id.length);
      return { id: Float64Array.from(batch.id, (n) => n * 2) };
    },
    { batchSize: 4 },
  );
  assert.deepEqual([...(await doubled.toColumns()).id], [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
  assert.deepEqual(sizes, [4, 4, 2]);
  const several = data.range(4).mapBatches(async function* (batch) {
    for (const id of batch.id) yield { id: [id, id] };
  });
  assert.deepEqual((await several.toColumns()).id, [0, 0, 1, 1, 2, 2, 3, 3]);
  const bad = data.range(4).mapBatches((batch) => ({ id: batch.id, more: [1] }));
  await assert.rejects(bad.takeAll(), { code: 'NBS_BATCH_INVALID', message: /mapBatches\(function\).*column more of length 1/ });
  await assert.rejects(
    data
      .range(4)
      .map(() => 1 as never)
      .takeAll(),
    { code: 'NBS_BATCH_INVALID', message: /a row is an object/ },
  );
});

test('sort, unique, aggregates, groups', async () => {
  assert.deepEqual(ids(await trips.sort('tip').takeAll()), [4, 1, 3, 2]);
  assert.deepEqual(ids(await trips.sort(['day', 'tip'], { descending: true }).takeAll()), [3, 2, 1, 4]);
  assert.deepEqual(await trips.unique('city'), ['Köln', null, 'a, b']);
  assert.deepEqual(
    [await trips.sum('id'), await trips.mean('tip'), await trips.min('id'), await trips.max('tip')],
    [10, 9.5 / 3, 1, 7],
  );
  assert.equal(await trips.limit(1).std('id'), null);
  const means = await trips.groupby('day').mean('tip').takeAll();
  assert.deepEqual(means, [
    { day: new Date('2020-01-02'), 'mean(tip)': 1.25 },
    { day: new Date('2020-01-03'), 'mean(tip)': 7 },
  ]);
  assert.deepEqual(await trips.groupby('city').count().takeAll(), [
    { city: 'Köln', 'count()': 2 },
    { city: 'a, b', 'count()': 1 },
    { city: null, 'count()': 1 },
  ]);
  const groups = trips.groupby('city').mapGroups((group) => ({ city: group.city.slice(0, 1), ids: [[...group.id].join()] }));
  assert.deepEqual(
    (await groups.takeAll()).map(({ city, ids: list }) => [city, list]),
    [
      ['Köln', '1,4'],
      ['a, b', '3'],
      [null, '2'],
    ],
  );
});

test('union, zip, join', async () => {
  assert.deepEqual(ids(await trips.union(trips.filter('id = 1')).takeAll()), [1, 2, 3, 4, 1]);
  const other = data.fromItems([
    { id: 3, city: 'x' },
    { id: 9, city: 'y' },
  ]);
  assert.deepEqual(await trips.select('id').union(other).sort('id').limit(1).takeAll(), [{ id: 1, city: null }]);
  const joined = await trips.select('id', 'city').join(other, { on: 'id', how: 'full' }).sort('id').takeAll();
  assert.deepEqual(joined.slice(2), [
    { id: 3, city: 'a, b', city_right: 'x' },
    { id: 4, city: 'Köln', city_right: null },
    { id: 9, city: null, city_right: 'y' },
  ]);
  assert.deepEqual(ids(await trips.join(other, { on: 'id', how: 'anti' }).sort('id').takeAll()), [1, 2, 4]);
  assert.deepEqual(
    await data
      .range(2)
      .zip(data.range(2).map(({ id }) => ({ id: id + 5 })))
      .takeAll(),
    [
      { id: 0, id_1: 5 },
      { id: 1, id_1: 6 },
    ],
  );
  await assert.rejects(data.range(2).zip(data.range(3)).takeAll(), { code: 'NBS_DATA_UNEQUAL', message: /2 and 3 rows/ });
});

test('split, repartition and the shuffles', async () => {
  const [train, rest] = data.range(10).trainTestSplit(0.3);
  assert.deepEqual(ids(await train.takeAll()), [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(ids(await rest.takeAll()), [7, 8, 9]);
  const [some, others] = data.range(100).trainTestSplit({ testSize: 25, shuffle: true });
  const both = [...ids(await some.takeAll()), ...ids(await others.takeAll())];
  assert.equal(await some.count(), 75);
  assert.deepEqual(
    both.toSorted((a, b) => a - b),
    ids(await data.range(100).takeAll()),
  );
  assert.notDeepEqual(both, ids(await data.range(100).takeAll()));
  const sizes: number[] = [];
  const note = (batch: { id: ArrayLike<number> }) => {
    sizes.push(batch.id.length);
    return { id: batch.id };
  };
  const counted = data.range(10).repartition(4).mapBatches(note, { batchSize: null });
  assert.equal(await counted.count(), 10);
  assert.deepEqual(sizes, [2, 3, 2, 3]);
  const blocks = ids(await data.range(12).repartition(4).randomizeBlockOrder({ seed: 3 }).takeAll());
  assert.deepEqual(
    blocks.filter((_, i) => i % 3 === 0).flatMap((n) => [n, n + 1, n + 2]),
    blocks,
  );
  const shuffled = ids(await data.range(1000).randomShuffle({ seed: 7 }).takeAll());
  assert.deepEqual(ids(await data.range(1000).randomShuffle({ seed: 7 }).takeAll()), shuffled);
  assert.notDeepEqual(ids(await data.range(1000).randomShuffle({ seed: 8 }).takeAll()), shuffled);
});

test('each seed gives an order of its own, and no seed another one each time', async () => {
  const halves: Set<number>[] = [];
  for (let seed = 1; seed <= 6; seed++) {
    const [, half] = data.range(8192).trainTestSplit({ testSize: 0.5, shuffle: true, seed });
    halves.push(new Set(ids(await half.takeAll())));
  }
  for (const [i, half] of halves.entries())
    for (const other of halves.slice(0, i)) {
      const shared = [...half].filter((id) => other.has(id)).length / half.size;
      assert.ok(shared > 0.45 && shared < 0.55, `two seeds share ${shared}`);
    }
  const orders = new Set<string>();
  for (let seed = 0; seed < 400; seed++)
    orders.add(ids(await data.range(4).repartition(4).randomizeBlockOrder({ seed }).takeAll()).join());
  assert.ok(orders.size >= 20, `${orders.size} of 24 orders of blocks`);

  const twice = data.range(1000).randomShuffle().repartition(100).randomizeBlockOrder();
  const pairs = await twice.zip(twice).toColumns();
  const [left, right] = Object.values(pairs).map((values) => [...(values as ArrayLike<unknown> & Iterable<unknown>)]);
  assert.deepEqual(left, right);

  for (const drawn of [data.range(1000).randomShuffle(), data.range(1000).repartition(100).randomizeBlockOrder()]) {
    assert.notDeepEqual(await drawn.takeAll(), await drawn.takeAll());
    const [train, rest] = drawn.trainTestSplit(0.5);
    assert.equal(new Set([...ids(await train.takeAll()), ...ids(await rest.takeAll())]).size, 1000);
  }
  const [, kept] = data.range(1000).trainTestSplit({ testSize: 0.5, shuffle: true });
  assert.deepEqual(await kept.takeAll(), await kept.takeAll());
});

test('batches of a loop', async () => {
  const sizes: number[] = [];
  for await (const { id } of data.range(10).iterBatches({ batchSize: 4, dropLast: true })) sizes.push(id.length);
  assert.deepEqual(sizes, [4, 4]);
  const seen: number[] = [];
  const options = { batchSize: 100, localShuffleBufferSize: 50, localShuffleSeed: 1 };
  for await (const { id } of data.range(100).iterBatches(options)) seen.push(...id);
  assert.deepEqual(
    seen.toSorted((a, b) => a - b),
    ids(await data.range(100).takeAll()),
  );
  assert.notEqual(seen[0], 0);
});

const VALUES = [
  {
    n: 1,
    text: 'ü\u0000😀',
    list: [1, 2],
    when: new Date('2024-03-31T01:30:00.123Z'),
    big: 2n ** 60n,
    bytes: new Uint8Array([1, 2]),
    x: Number.NaN,
    o: { a: 1, b: ['x'] },
    f: Float32Array.of(1.5, 2),
    m: new Map([['k', 1]]),
  },
  { n: 2.5, text: null, list: [], when: null, big: 5, bytes: null, x: null, o: null, f: null, m: null },
];

test('values: null, NaN, unicode, lists, dates, whole numbers beyond 2^53, bytes, objects, maps, through files too', async () => {
  const items = data.fromItems(VALUES);
  assert.deepEqual(await items.takeAll(), VALUES);
  // Through the database.
  const sorted = await items.sort('n').takeAll();
  assert.deepEqual(sorted, VALUES);
  await items.writeParquet(at('values.parquet'));
  assert.deepEqual(await data.readParquet(at('values.parquet')).takeAll(), VALUES);
  const sql = data.fromItems([{ z: 0 }]);
  const typed = sql.filter('true').join(sql, { on: 'z' });
  assert.equal(await typed.count(), 1);
});

test('a column that mixes kinds of values is refused by name, an instance of a class too', async () => {
  const mixes = data.fromItems([{ a: 1 }, { a: 'x' }]).sort('a');
  await assert.rejects(mixes.takeAll(), { code: 'NBS_MIXED_COLUMN', message: /column a mixes numbers and texts/ });
  class Point {
    x = 1;
  }
  await assert.rejects(
    data
      .fromItems([{ p: new Point() }])
      .sort('p')
      .takeAll(),
    { code: 'NBS_MIXED_COLUMN', message: /column p contains a Point/ },
  );
});

test('objects without members stay such objects, wherever they are', async () => {
  const none = { at: { b: {} }, in: [{}, null], of: new Map([['k', { c: {}, d: new Date(0) }]]), o: {} };
  const rows = data.fromItems([
    { id: 2, ...none },
    { id: 1, at: null, in: null, of: null, o: null },
  ]);
  assert.deepEqual((await rows.sort('id').takeAll())[1], { id: 2, ...none });
  // A later block says what the members are.
  const full = { at: { b: { x: 1 } }, in: [{ y: 'y' }], of: new Map([['k', { c: { z: new Date(1) } }]]), o: { p: [1], q: {} } };
  const later = rows.repartition(2).mapBatches(
    (batch: Record<string, ArrayLike<unknown>>) => {
      const isFirst = batch.id?.[0] === 2;
      return isFirst ? batch : Object.fromEntries(Object.entries({ id: 1, ...full }).map(([name, value]) => [name, [value]]));
    },
    { batchSize: null },
  );
  assert.deepEqual(await later.sort('id').takeAll(), [
    { id: 1, ...full, of: new Map([['k', { c: { z: new Date(1) }, d: null }]]) },
    {
      id: 2,
      at: { b: { x: null } },
      in: [{ y: null }, null],
      of: new Map([['k', { c: { z: null }, d: new Date(0) }]]),
      o: { p: null, q: null },
    },
  ]);
  // So does another row.
  const some = data.fromItems([{ a: {} }, { a: { b: 1 } }]).sort('a');
  assert.deepEqual(
    (await some.takeAll()).map(({ a }) => (a as { b: number | null }).b),
    [1, null],
  );
});

test('empty data sets', async () => {
  assert.deepEqual(await data.fromItems([]).takeAll(), []);
  assert.equal(
    await data
      .range(0)
      .map((row) => row)
      .count(),
    0,
  );
  assert.deepEqual(await trips.filter('false').toColumns(), { id: [], city: [], tip: [], day: [] });
  assert.deepEqual(
    await trips
      .filter(() => false)
      .sort('id')
      .takeAll(),
    [],
  );
  assert.equal(await trips.filter('false').sum('tip'), null);
  assert.deepEqual(
    await trips
      .filter('false')
      .groupby('city')
      .mapGroups((group) => ({ n: [group.id.length] }))
      .takeAll(),
    [],
  );
});

test('files are written whole or not at all', async () => {
  await trips.writeCsv(at('out'));
  assert.deepEqual(readdirSync(at('out')), ['part-0.csv']);
  await assert.rejects(trips.writeCsv(at('out')), { code: 'NBS_DATA_EXISTS' });
  await trips.limit(1).writeCsv(at('out'), { overwrite: true });
  assert.equal(await data.readCsv(at('out')).count(), 1);
  const failing = data.range(3).map(({ id }) => {
    if (id === 2) throw new RangeError('row 2');
    return { id };
  });
  await assert.rejects(failing.writeJson(at('failed.json')), { name: 'RangeError', message: 'row 2', stack: /sets\.test/ });
  assert.equal(existsSync(at('failed.json')), false);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('.part')),
    [],
  );
  await data.range(3).writeJson(at('three.json'));
  assert.deepEqual(ids(await data.readJson<{ id: number }>(at('three.json')).takeAll()), [0, 1, 2]);
});

test('what a killed process has left of a file or folder is removed or comes back', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const mark = `${markText({ ...markProcess(process.pid), pid })}-abcdefgh`;
  writeFileSync(at(`left.csv.${mark}.part`), 'half');
  await data.range(3).writeCsv(at('left.csv'));
  await data.range(3).writeCsv(at('moved'));
  renameSync(at('moved'), at(`moved.${mark}.part.old`));
  await assert.rejects(data.range(3).writeCsv(at('moved')), { code: 'NBS_DATA_EXISTS' });
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('.part')),
    [],
  );
});

test('files that cannot be read say why', async () => {
  assert.throws(() => data.readCsv(at('none.csv')), { code: 'NBS_DATA_NO_FILES', message: /no file matches .*none\.csv/ });
  writeFileSync(at('broken.parquet'), 'PAR1 this is no parquet file PAR1');
  await assert.rejects(data.readParquet(at('broken.parquet')).takeAll(), {
    code: 'NBS_DATA_UNREADABLE',
    message: /broken\.parquet/,
  });
  await data.range(3).writeParquet(at('a.parquet'));
  await data.fromItems([{ other: 'x' }]).writeParquet(at('b.parquet'));
  const two = [at('a.parquet'), at('b.parquet')];
  const first = data.readParquet(two, { unionByName: false });
  await assert.rejects(first.takeAll(), { code: 'NBS_DATA_UNREADABLE', message: /other|id/ });
  assert.equal(await data.readParquet(two).count(), 4);
  await assert.rejects(data.readParquet('s3://bucket/x.parquet').takeAll(), { code: 'NBS_DATA_REMOTE', message: /httpfs/ });
});

test('a materialized data set is computed once', async () => {
  let calls = 0;
  const counted = data.range(5).map(({ id }) => {
    calls += 1;
    return { id };
  });
  const kept = await counted.materialize();
  assert.deepEqual(ids(await kept.takeAll()), [0, 1, 2, 3, 4]);
  assert.equal(await kept.count(), 5);
  assert.equal(calls, 5);
  assert.match(counted.stats(), /map\(function\): 5 rows in 1 blocks/);
  const sorted = await data.range(7).sort('id').materialize();
  assert.match(sorted.stats(), /^sort\(id\): 7 rows in 1 blocks/);
});

test('a data set shows its schema and first rows', async () => {
  const shown = trips as unknown as Record<symbol, () => Promise<Record<string, string>>>;
  const { 'text/plain': text = '', 'text/html': html = '' } = (await shown[Symbol.for('Jupyter.display')]?.()) ?? {};
  assert.match(text, /^id +city +tip +day\nBIGINT +VARCHAR +DOUBLE +DATE\n/);
  assert.match(html, /<th>city<br><small>VARCHAR<\/small><\/th>/);
  assert.equal(String(trips.filter('tip > 1').limit(1)), `Dataset(readCsv(${at('trips.csv')}) → filter(tip > 1) → limit(1))`);
});
