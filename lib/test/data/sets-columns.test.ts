/** Which columns the rows have, which files are read, and what `stats` knows afterwards. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, mock, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { data } from 'nbserve/data';

const folder = mkdtempSync(join(tmpdir(), 'nbserve-columns-'));
const at = (name: string): string => join(folder, name);
after(() => rmSync(folder, { recursive: true }));

interface Pair {
  readonly a: number | null;
  readonly b: number | null;
}
const a1 = () => data.fromItems<Partial<Pair>>([{ a: 1 }]) as ReturnType<typeof data.fromItems<Pair>>;
const b2 = () => data.fromItems<Partial<Pair>>([{ b: 2 }]) as ReturnType<typeof data.fromItems<Pair>>;
const BOTH = [
  { a: 1, b: null },
  { a: null, b: 2 },
];

test('a column that one part of a union lacks is null there, for every request', async () => {
  const both = a1().union(b2());
  assert.deepEqual(await both.takeAll(), BOTH);
  assert.deepEqual(await both.select('b').takeAll(), [{ b: null }, { b: 2 }]);
  assert.deepEqual(await both.dropColumns('a').toColumns(), { b: [null, 2] });
  assert.deepEqual(await both.columns(), ['a', 'b']);
  assert.deepEqual(await both.limit(0).columns(), ['a', 'b']);
  const rows: unknown[] = [];
  for await (const row of both) rows.push(row);
  assert.deepEqual(rows, BOTH);
  const batches: string[][] = [];
  const noted = both.mapBatches(
    (batch) => {
      batches.push(Object.keys(batch));
      return batch as Record<string, number[]>;
    },
    { batchSize: null },
  );
  assert.equal(await noted.count(), 2);
  assert.deepEqual(batches, [
    ['a', 'b'],
    ['a', 'b'],
  ]);
  await b2().writeArrow(at('b.arrow'));
  assert.deepEqual(
    await a1()
      .union(data.readArrow<Pair>(at('b.arrow')))
      .select('b')
      .takeAll(),
    [{ b: null }, { b: 2 }],
  );
  const withFile = data.range(1).union(b2() as never);
  assert.deepEqual(await withFile.takeAll(), [
    { id: 0, b: null },
    { id: null, b: 2 },
  ]);
});

test('what a function makes in one part of a union, or in some rows only, is null in the other rows', async () => {
  const made = a1().union(b2().map(({ b }) => ({ b }) as Pair));
  assert.deepEqual(await made.takeAll(), BOTH);
  assert.deepEqual(await made.sort('a').takeAll(), BOTH);
  const some = data.range(40_000).map(({ id }) => (id < 39_999 ? { id } : { id, last: true }));
  const rows = (await some.takeAll()) as { id: number; last: boolean | null }[];
  assert.deepEqual(
    [rows[0], rows.at(-1)],
    [
      { id: 0, last: null },
      { id: 39_999, last: true },
    ],
  );
});

test('a column that a function has made is in all later batches and rows, and one of any Arrow file in all of them', async () => {
  const early = data.range(1000).map(({ id }) => (id > 0 ? { id } : { id, first: true }));
  const names = new Set<string>();
  for await (const batch of early.iterBatches({ batchSize: 100 })) names.add(Object.keys(batch).join());
  for await (const row of early) names.add(Object.keys(row).join());
  assert.deepEqual([...names], ['id,first']);
  assert.deepEqual((await early.takeAll())[999], { id: 999, first: null });

  const late = data.range(40_000).map(({ id }) => (id < 39_999 ? { id } : { id, last: true }));
  const seen: string[] = [];
  for await (const batch of late.iterBatches({ batchSize: 20_000 })) seen.push(Object.keys(batch).join());
  assert.deepEqual(seen, ['id', 'id,last']);
  // The rows must have been made before all columns are known.
  const kept = await late.materialize();
  assert.deepEqual(await kept.columns(), ['id', 'last']);
  for await (const batch of kept.iterBatches()) assert.deepEqual(Object.keys(batch), ['id', 'last']);

  mkdirSync(at('different'));
  await a1().writeArrow(at('different/1.arrow'));
  await b2().writeArrow(at('different/2.arrow'));
  const rows: unknown[] = [];
  for await (const row of data.readArrow<Pair>(at('different'))) rows.push(row);
  assert.deepEqual(rows, BOTH);
});

test('operations on columns name at least one', () => {
  const items = data.fromItems([{ a: 1 }]);
  for (const [name, call] of Object.entries({
    groupby: () => items.groupby(),
    aggregate: () => items.groupby('a').aggregate(),
    join: () => items.join(items, { on: [] }),
    select: () => items.select(),
  }))
    assert.throws(call, { code: 'NBS_DATA_ARGUMENT', message: `${name}: at least one column, got none` });
});

test('a column may have the name of an alias in a query', async () => {
  const rows = [
    { r: 2, l: 'x', ROW: 1 },
    { r: 1, l: 'x', ROW: 2 },
    { r: 2, l: 'y', ROW: 3 },
  ];
  const items = data.fromItems(rows);
  assert.deepEqual(await items.unique('r'), [2, 1]);
  assert.deepEqual(await items.unique('ROW'), [1, 2, 3]);
  assert.deepEqual(await items.sort('r').takeAll(), [rows[1], rows[0], rows[2]]);
  assert.deepEqual(await items.join(data.fromItems([{ r: 1, l: 'z' }]), { on: 'r' }).takeAll(), [
    { r: 1, l: 'x', ROW: 2, l_right: 'z' },
  ]);
  assert.deepEqual(await items.join(data.fromItems([{ r: 1 }]), { on: 'r', how: 'semi' }).takeAll(), [rows[1]]);
  const wide = await items.zip(items).take(1);
  assert.deepEqual(wide, [{ r: 2, l: 'x', ROW: 1, r_1: 2, l_1: 'x', ROW_1: 1 }]);
});

test('the first rows of a union do not wait for functions of the other part, which has been split', async () => {
  let calls = 0;
  const slow = data.range(1000).map(({ id }) => {
    calls += 1;
    return { id };
  });
  const [train] = slow.trainTestSplit(0.5);
  const both = data.range(3).map(({ id }) => ({ id }));
  assert.deepEqual(await both.union(train).take(1), [{ id: 0 }]);
  assert.equal(calls, 0);
  assert.equal((await both.union(train).takeAll()).length, 503);
});

test('a union of many is one union, and asks each part once for its columns', async () => {
  let all = a1();
  for (let i = 0; i < 300; i += 1) all = all.union(b2());
  const rows = await all.takeAll();
  assert.deepEqual([rows.length, rows[0], rows[300]], [301, ...BOTH]);
  assert.equal(all.stats().match(/^union: /gm)?.length, 1);
});

test('the columns of many Arrow files are read one after the other', async () => {
  mkdirSync(at('many'));
  await b2().writeArrow(at('many/0.arrow'));
  for (let i = 1; i < 40; i += 1) cpSync(at('many/0.arrow'), at(`many/${i}.arrow`));
  const open = fs.open;
  let most = 0;
  let now = 0;
  const counted = mock.method(fs, 'open', async (...args: Parameters<typeof open>) => {
    now += 1;
    most = Math.max(most, now);
    const handle = await open(...args);
    const close = handle.close.bind(handle);
    handle.close = async () => {
      now -= 1;
      return close();
    };
    return handle;
  });
  syncBuiltinESMExports();
  try {
    assert.deepEqual(await data.readArrow(at('many')).limit(0).columns(), ['b']);
    assert.ok(counted.mock.callCount() >= 40);
    assert.equal(most, 1);
  } finally {
    counted.mock.restore();
    syncBuiltinESMExports();
  }
});

test('a column that begins late is in each batch from the first one on', async () => {
  const rows = Array.from({ length: 20_000 }, (_, id) => (id < 19_999 ? { id } : { id, b: 1 }));
  const names = new Set<string>();
  for await (const batch of data.fromItems(rows).iterBatches({ batchSize: 1000 })) names.add(Object.keys(batch).join());
  assert.deepEqual([...names], ['id,b']);
  assert.equal(await data.fromItems(rows as { id: number; b: number }[]).sum('b'), 1);
});

test('stats knows every request', async () => {
  const ds = data.range(100);
  const requests: Record<string, () => Promise<unknown>> = {
    take: () => ds.take(5),
    takeBatch: () => ds.takeBatch(5),
    count: () => ds.count(),
    sum: () => ds.sum('id'),
    unique: () => ds.unique('id'),
    schema: () => ds.schema(),
    toArrow: () => ds.toArrow(),
    writeCsv: () => ds.writeCsv(at('stats.csv'), { overwrite: true }),
    writeArrow: () => ds.writeArrow(at('stats.arrow'), { overwrite: true }),
    takeAll: () => ds.takeAll(),
  };
  assert.equal(ds.stats(), 'nothing of this data set has run yet');
  for (const [name, request] of Object.entries(requests)) {
    await request();
    assert.match(ds.stats(), /^.+: \d+ rows in \d+ blocks, \d+ ms\nin all \d+ ms$/, name);
  }
  await ds.take(5);
  assert.match(ds.stats(), /^limit\(5\): 5 rows in 1 blocks/);
});

test('the deviation of numbers that are not finite is NaN, by groups too', async () => {
  const xs = (...values: (number | null)[]) => data.fromItems(values.map((x, i) => ({ x, kind: i % 2 === 0 ? 'a' : 'b' })));
  assert.equal(await xs(Number.NaN, 1, 2).std('x'), Number.NaN);
  assert.equal(await xs(1, Number.NEGATIVE_INFINITY).std('x'), Number.NaN);
  assert.equal(await xs(1, null, 3).std('x'), Math.SQRT2);
  assert.equal(await xs(Number.NaN, null).std('x'), null);
  assert.deepEqual(await xs(Number.NaN, 1, 2, 3).groupby('kind').std('x').takeAll(), [
    { kind: 'a', 'std(x)': Number.NaN },
    { kind: 'b', 'std(x)': Math.SQRT2 },
  ]);
});

test('columns of a join or zip whose names differ in case only get the suffix', async () => {
  const left = data.fromItems([{ id: 1, Name: 'x' }]);
  const right = data.fromItems([{ id: 1, name: 'y' }]);
  const joined = left.join(right, { on: 'id' });
  assert.deepEqual(await (await joined.materialize()).takeAll(), [{ id: 1, Name: 'x', name_right: 'y' }]);
  assert.deepEqual(await (await left.zip(right.select('name')).materialize()).columns(), ['id', 'Name', 'name_1']);
});

test('a join with an empty suffix is refused at once', () => {
  const items = data.fromItems([{ id: 1, x: 1 }]);
  for (const suffix of ['', 1 as never])
    assert.throws(() => items.join(items, { on: 'id', suffix }), { code: 'NBS_DATA_ARGUMENT', message: /suffix/ });
});

test('file names with the characters of patterns, and URLs of files', async () => {
  mkdirSync(at('parts'));
  for (const [i, name] of ['part1.csv', 'part[1].csv', 'p*.csv', 'q?.csv'].entries())
    writeFileSync(at(`parts/${name}`), `n\n${i}\n`);
  const ns = async (path: string | string[]) => (await data.readCsv<{ n: number }>(path).takeAll()).map(({ n }) => n).sort();
  assert.deepEqual(await ns(at('parts')), [0, 1, 2, 3]);
  assert.deepEqual(await ns([at('parts/part[1].csv'), at('parts/p*.csv')]), [1, 2]);
  const [row] = await data.readCsv<{ path: string }>(at('parts/part[1].csv'), { includePaths: true }).takeAll();
  assert.equal(row?.path, at('parts/part[1].csv'));
  assert.deepEqual(await ns(pathToFileURL(at('parts/part[1].csv')).href), [1]);
  assert.throws(() => data.readCsv('file://other/x.csv'), { code: 'NBS_DATA_ARGUMENT', message: /three slashes/ });
  await assert.rejects(async () => data.readArrow(`${pathToFileURL(folder).href}/none.arrow`), { code: 'NBS_DATA_NO_FILES' });
});

test('links to files and folders are followed, also in a circle, and one that leads nowhere is named', async () => {
  mkdirSync(at('linked/real'), { recursive: true });
  mkdirSync(at('linked/links'));
  writeFileSync(at('linked/real/a.csv'), 'n\n1\n');
  symlinkSync(at('linked/real/a.csv'), at('linked/links/b.csv'));
  symlinkSync('../real', at('linked/links/again'));
  symlinkSync('..', at('linked/real/up'));
  const found = async (path: string) => {
    const rows = await data.readCsv<{ n: number; path: string }>(at(path), { includePaths: true }).takeAll();
    return rows.map((row) => row.path.slice(at('linked/').length));
  };
  // A folder is read once, whichever name it has, and a glob finds all names.
  assert.deepEqual(await found('linked/links'), ['links/again/a.csv', 'links/b.csv']);
  assert.deepEqual(await found('linked'), ['links/again/a.csv', 'links/b.csv']);
  assert.deepEqual(await found('linked/links/*.csv'), ['links/b.csv']);
  assert.deepEqual(await found('linked/*/*/*.csv'), ['links/again/a.csv']);
  assert.deepEqual(await found('linked/**/*.csv'), ['links/again/a.csv', 'links/b.csv', 'real/a.csv']);
  symlinkSync('none.csv', at('linked/links/gone.csv'));
  symlinkSync('circle.csv', at('linked/links/circle.csv'));
  await assert.rejects(found('linked/links'), { code: 'NBS_DATA_UNREADABLE', message: /links\/(gone|circle)\.csv/ });
});

test('a file that cannot be read is named', async () => {
  writeFileSync(at('broken.png'), 'no picture');
  writeFileSync(at('gone.png'), '');
  writeFileSync(at('gone.arrow'), '');
  const [pictures, arrow] = [data.readImages(at('gone.png')), data.readArrow(at('gone.arrow'))];
  rmSync(at('gone.png'));
  rmSync(at('gone.arrow'));
  await assert.rejects(data.readImages(at('broken.png')).count(), { code: 'NBS_IMAGE_INVALID', message: /broken\.png/ });
  await assert.rejects(pictures.count(), { code: 'NBS_DATA_UNREADABLE', message: /gone\.png/ });
  await assert.rejects(arrow.count(), { code: 'NBS_DATA_UNREADABLE', message: /gone\.arrow/ });
});

test('a seed of a split that shuffles nothing is refused', () => {
  assert.throws(() => data.range(9).trainTestSplit({ testSize: 3, seed: 1 }), {
    code: 'NBS_DATA_ARGUMENT',
    message: /shuffle: true/,
  });
});
