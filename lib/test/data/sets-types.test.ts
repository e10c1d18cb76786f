/** The types of columns in files: all rows and all files count, and no value is cast without a word. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { data } from 'nbserve/data';

const folder = mkdtempSync(join(tmpdir(), 'nbserve-types-'));
const at = (name: string): string => join(folder, name);
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, ...lines: readonly string[]): string => {
  writeFileSync(at(name), `${lines.join('\n')}\n`);
  return at(name);
};
const many = (line: string, count = 30_000): string[] => new Array<string>(count).fill(line);

test('a value after the first ten thousands of rows counts for the type of its column', async () => {
  const late = data.readCsv<{ x: number }>(file('late.csv', 'x', ...many('1'), '2.5'));
  assert.equal(await late.sum('x'), 30_002.5);
  assert.deepEqual((await late.takeAll()).at(-1), { x: 2.5 });
  assert.equal(await late.filter('x > 2').select('x').count(), 1);
  assert.equal(await data.readCsv(file('small.csv', 'x', ...many('0'), '0.25', '0.49')).sum('x'), 0.74);
  const zips = data.readCsv<{ zip: string }>(file('zips.csv', 'zip', ...many('12345'), '00501'));
  assert.deepEqual((await zips.takeAll()).at(-1), { zip: '00501' });
  const none = data.readCsv<{ id: number; x: number }>(file('none.csv', 'id,x', ...many('1,'), '1,2.5'), { includePaths: true });
  assert.deepEqual((await none.takeAll()).at(-1), { id: 1, x: 2.5, path: at('none.csv') });
  const rows = data.readJson<{ x: number }>(file('late.jsonl', ...many('{"x":1}'), '{"x":2.5}'));
  assert.equal(await rows.sum('x'), 30_002.5);
  assert.deepEqual((await rows.takeAll()).at(-1), { x: 2.5 });
});

test('all files count for the types, and a column that only some have is null in the others', async () => {
  mkdirSync(at('csv'));
  file('csv/1.csv', 'x', ...many('1'));
  file('csv/2.csv', 'x', ...many('1'), '2.5');
  assert.equal(await data.readCsv(at('csv')).sum('x'), 60_002.5);
  mkdirSync(at('json'));
  for (let i = 10; i < 50; i++) file(`json/${i}.jsonl`, i < 49 ? '{"x":1}' : '{"x":2.5,"y":1}');
  const rows = data.readJson<{ x: number; y: number | null }>(at('json'));
  assert.equal(await rows.sum('x'), 41.5);
  assert.deepEqual(await rows.take(1), [{ x: 1, y: null }]);

  await data.fromItems([{ x: 1 }]).writeParquet(at('a.parquet'));
  await data.fromItems([{ x: 2.5, y: 9 }]).writeParquet(at('b.parquet'));
  const both = [at('a.parquet'), at('b.parquet')];
  assert.deepEqual(await data.readParquet(both).takeAll(), [
    { x: 1, y: null },
    { x: 2.5, y: 9 },
  ]);
  assert.deepEqual(await data.readParquet(both, { unionByName: false }).takeAll(), [{ x: 1 }, { x: 2 }]);

  mkdirSync(at('wider'));
  file('wider/1.csv', 'a,b', '1,2');
  file('wider/2.csv', 'a,b,c');
  file('wider/3.csv', 'a,b,c', '3,,5.5');
  assert.deepEqual(await data.readCsv(at('wider')).takeAll(), [
    { a: 1, b: 2, c: null },
    { a: 3, b: null, c: 5.5 },
  ]);
  const days = ['d', '2024-01-02'];
  const times = ['d', '2024-01-02 03:04:05'];
  assert.deepEqual(await data.readCsv([file('days.csv', ...days), file('times.csv', ...times)]).takeAll(), [
    { d: new Date('2024-01-02') },
    { d: new Date('2024-01-02T03:04:05Z') },
  ]);
});

test('a file is looked at again only if it has changed', async () => {
  const path = file('changing.csv', 'x', '1', '2');
  const rows = data.readCsv<{ x: unknown }>(path);
  assert.deepEqual(await rows.toColumns(), { x: [1, 2] });
  file('changing.csv', 'x', '1', 'a');
  utimesSync(path, 1, 1);
  assert.deepEqual(await rows.toColumns(), { x: ['1', 'a'] });
});

test('a date is read only if its day and month cannot be taken for each other', async () => {
  const texts = ['01/02/2024', '03/04/2024'];
  for (const more of [[], ['12/31/2024']])
    assert.deepEqual(
      (await data.readCsv<{ d: string }>(file('days.csv', 'd', ...texts, ...more)).toColumns()).d.slice(0, 2),
      texts,
    );
  for (const text of ['01.02.2024', '01/02/2024 10:00:00', '01-02-24', '01-02-2024'])
    assert.deepEqual(await data.readCsv(file('days.csv', 'd', text)).takeAll(), [{ d: text }], text);
  for (const text of ['01-02-2024', '01-02-24', '01/02/2024'])
    assert.deepEqual(await data.readJson(file('days.jsonl', JSON.stringify({ d: text }))).takeAll(), [{ d: text }], text);
  for (const d of ['01-02-2024', '01-02-24'])
    assert.deepEqual(
      await data.readJson(file('days.jsonl', JSON.stringify({ o: { d, l: [d] } }))).takeAll(),
      [{ o: { d, l: [d] } }],
      d,
    );
  const inside = { o: { d: new Date('2024-01-02'), t: new Date('2024-01-02T03:04:05Z') }, l: [new Date('2024-01-02')] };
  assert.deepEqual(
    await data.readJson(file('days.jsonl', '{"o":{"d":"2024-01-02","t":"2024-01-02T03:04:05Z"},"l":["2024-01-02"]}')).takeAll(),
    [inside],
  );
  const mixed = file('days.csv', 'd,t', '2024-01-02,2024-01-02T03:04:05.5Z', '2024-12-31,2024-12-31 10:00:00');
  const [row] = await data.readCsv<{ d: Date; t: Date }>(mixed).take(1);
  assert.deepEqual(row, { d: new Date('2024-01-02'), t: new Date('2024-01-02T03:04:05.5Z') });
  const european = file('days.csv', 'd,t', '01/02/2024,01/02/2024 10:00');
  const formats = { dateFormat: '%d/%m/%Y', timestampFormat: '%d/%m/%Y %H:%M' };
  assert.deepEqual(await data.readCsv(european, formats).takeAll(), [
    { d: new Date('2024-02-01'), t: new Date('2024-02-01T10:00Z') },
  ]);
  const typed = data.readCsv(file('days.csv', 'd', '2024-01-02'), { types: { d: 'DATE' } });
  assert.deepEqual(await typed.takeAll(), [{ d: new Date('2024-01-02') }]);
});

test('folders such as day=2024-01-05 are a column of dates', async () => {
  const kept = await data.range(3).materialize();
  for (const day of ['2024-01-05', '2024-01-06']) {
    mkdirSync(at(`folders/day=${day}`), { recursive: true });
    file(`folders/day=${day}/p.csv`, 'a,d', '1,01/02/2024');
    file(`folders/day=${day}/p.jsonl`, '{"a":1,"d":"01/02/2024"}');
  }
  const days = [new Date('2024-01-05'), new Date('2024-01-06')];
  for (const rows of [data.readCsv(at('folders')), data.readJson(at('folders')), data.readCsv(at('folders/day=*/*.csv'))])
    assert.deepEqual(
      await rows.takeAll(),
      days.map((day) => ({ a: 1, d: '01/02/2024', day })),
    );
  assert.deepEqual(
    await data.readCsv(at('folders'), { types: { DAY: 'VARCHAR', a: 'DOUBLE' } }).takeAll(),
    ['2024-01-05', '2024-01-06'].map((day) => ({ a: 1, d: '01/02/2024', day })),
  );
  const one = data.readCsv(at('folders/day=2024-01-05/p.csv'));
  assert.deepEqual(await one.takeAll(), [{ a: 1, d: '01/02/2024', day: days[0] }]);
  assert.equal(await kept.count(), 3);
  const uneven = file('folders/day=2024-01-05/p.csv', 'a,b', '1,2', '1,2,3', '1,2,3');
  await assert.rejects(data.readCsv(uneven).count(), { code: 'NBS_DATA_UNREADABLE' });
});

test('rows of different lengths are an error, and never lost', async () => {
  const unclear = { code: 'NBS_DATA_UNREADABLE', message: /nullPadding/ };
  const longer = file('longer.csv', 'name,tag', 'Ann,a', 'Bob,b,note', 'Cy,c,note', 'Dee,d,note');
  await assert.rejects(data.readCsv(longer).takeAll(), unclear);
  await assert.rejects(data.readCsv(longer, { header: true, delimiter: ',' }).takeAll(), { code: 'NBS_DATA_UNREADABLE' });
  const shorter = file('shorter.csv', 'a,b,c', ...many('1,2,3', 60), '7,8');
  await assert.rejects(data.readCsv(shorter).count(), unclear);
  await assert.rejects(data.readCsv(file('bare.csv', '1,2', '1,2,3')).count(), unclear);
  const late = data.readCsv(file('late-short.csv', 'a,b', ...many('1,2'), '3'));
  await assert.rejects(late.take(1), { code: 'NBS_DATA_UNREADABLE', message: /Line: 30002/ });
  const padded = await data.readCsv(shorter, { nullPadding: true }).takeAll();
  assert.deepEqual([padded.length, padded.at(-1)], [61, { a: 7, b: 8, c: null }]);
  const titled = file('titled.csv', 'Report of May', '', 'a,b', '1,2');
  assert.deepEqual(await data.readCsv(titled, { skip: 2 }).takeAll(), [{ a: 1, b: 2 }]);
  for (const options of [{}, { delimiter: ',' }])
    await assert.rejects(data.readCsv(titled, options).count(), { code: 'NBS_DATA_UNREADABLE', message: /skip/ });
  assert.equal(await data.readCsv(titled, { skip: 0 }).count(), 3);
  const semicolons = file('titled.csv', 'Exported today', '', 'id;name', '1;a', '2;b');
  await assert.rejects(data.readCsv(semicolons).count(), { code: 'NBS_DATA_UNREADABLE', message: /skip/ });
  assert.throws(() => data.readCsv(titled, { skip: -1 }), { code: 'NBS_DATA_ARGUMENT' });
  for (const row of ['1,2', 'x,y'])
    assert.deepEqual(
      (await data.readCsv<{ a: unknown }>(file('blank.csv', '', '', 'a,b', row)).takeAll()).map(({ a }) => String(a)),
      [row.slice(0, 1)],
    );
  // One column is no error.
  assert.deepEqual(await data.readCsv(file('one.csv', 'text', '"Hello, world"', 'bye')).takeAll(), [
    { text: 'Hello, world' },
    { text: 'bye' },
  ]);
});

test('JSON: values of several kinds are what they were, and objects are objects', async () => {
  const values = [1, 'abc', true, null, [1, 'x'], { a: 9007199254740993n }, -(2n ** 70n), '9007199254740993', 0.5];
  const text = (value: unknown): string =>
    JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `#${one}` : one)).replace(/"#(-?\d+)"/g, '$1');
  const mixed = data.readJson<{ v: unknown }>(file('mixed.jsonl', ...values.map((v) => `{"v":${text(v)}}`)));
  assert.deepEqual(
    (await mixed.takeAll()).map(({ v }) => v),
    values,
  );
  assert.equal(await mixed.filter(({ v }) => v === 'abc').count(), 1);
  await assert.rejects(
    mixed
      .map((row) => row)
      .sort('v')
      .takeAll(),
    { code: 'NBS_MIXED_COLUMN' },
  );
  assert.deepEqual(
    (await (await mixed.materialize()).takeAll()).map(({ v }) => v),
    values,
  );
  const arrow = await data.fromArrow<{ v: string }>(await mixed.toArrow()).takeAll();
  assert.deepEqual(
    arrow.slice(0, 5).map(({ v }) => v),
    ['1', 'abc', 'true', null, '[1,"x"]'],
  );

  const keys = Array.from({ length: 30 }, (_, i) => ({ m: { [`k${i}`]: i }, in: { o: { [`k${i}`]: [i] } } }));
  const varying = data.readJson(file('keys.jsonl', ...keys.map((row) => JSON.stringify(row)), '{}'));
  assert.deepEqual(await varying.takeAll(), [...keys, { m: null, in: null }]);
  assert.equal(await varying.filter('m IS NULL').count(), 1);
  const empty = data.readJson(file('empty.jsonl', '{"id":2,"m":{}}', '{"id":1,"m":{}}'));
  assert.deepEqual(await empty.take(1), [{ id: 2, m: {} }]);
  const sorted = empty.map((row) => row).sort('id');
  assert.deepEqual(await sorted.take(1), [{ id: 1, m: {} }]);
  await sorted.writeParquet(at('empty.parquet'));
  assert.deepEqual(await data.readParquet(at('empty.parquet')).take(1), [{ id: 1, m: {} }]);
});

test('JSON: names that differ only in case, lists of objects, bare values, and paths', async () => {
  assert.deepEqual(await data.readJson(file('case.jsonl', '{"id":1,"Id":2}', '{"id":3,"Id":2.5}')).takeAll(), [
    { id: 1, Id_1: 2 },
    { id: 3, Id_1: 2.5 },
  ]);
  // A name with a number is no such name.
  assert.deepEqual(await data.readJson(file('numbered.jsonl', '{"a":1,"a_1":2,"d":"01-02-2024"}')).takeAll(), [
    { a: 1, a_1: 2, d: '01-02-2024' },
  ]);
  assert.deepEqual(await data.readJson(file('list.json', '[{"a":1,', '"d":"2024-01-02"},{"a":2.5}]')).takeAll(), [
    { a: 1, d: new Date('2024-01-02') },
    { a: 2.5, d: null },
  ]);
  assert.deepEqual(await data.readJson(file('bare.json', '[1,2.5]')).toColumns(), { json: Float64Array.of(1, 2.5) });
  const both = [file('a.jsonl', '{"a":1}'), file('b.jsonl', '{"b":"x"}')];
  assert.deepEqual(await data.readJson(both, { columns: ['b'], includePaths: true }).takeAll(), [
    { b: null, path: both[0] },
    { b: 'x', path: both[1] },
  ]);
});

test('a union casts no values', async () => {
  const parquet = async (name: string, rows: readonly object[]) => {
    await data.fromItems(rows as Record<string, unknown>[]).writeParquet(at(name), { overwrite: true });
    return data.readParquet(at(name));
  };
  const of = async (a: readonly object[], b: readonly object[]) =>
    (await parquet('one.parquet', a)).union(await parquet('two.parquet', b));
  const refused = { code: 'NBS_MIXED_COLUMN', message: /column x mixes/ };
  await assert.rejects((await of([{ x: 9007199254740993n }], [{ x: 2.5 }])).takeAll(), refused);
  await assert.rejects((await of([{ x: 1 }], [{ x: 'x' }])).takeAll(), refused);
  await assert.rejects((await of([{ x: true }], [{ x: 5 }])).takeAll(), refused);
  await assert.rejects((await of([{ x: [1] }], [{ x: ['a'] }])).takeAll(), refused);
  await assert.rejects((await of([{ ID: 1 }], [{ id: 2 }])).takeAll(), { code: 'NBS_DATA_SAME_NAME', message: /ID and id/ });
  const fine = await of([{ x: 1, y: 'a' }], [{ x: 2.5, z: null }]);
  assert.deepEqual(await fine.takeAll(), [
    { x: 1, y: 'a', z: null },
    { x: 2.5, y: null, z: null },
  ]);
  const floats = data.range(1).mapBatches(() => ({ x: Float32Array.of(0.5) }));
  await floats.writeParquet(at('float.parquet'));
  const exact = (await parquet('int.parquet', [{ x: 2 ** 24 + 1 }])).union(data.readParquet(at('float.parquet')));
  assert.deepEqual(await exact.toColumns(), { x: Float64Array.of(2 ** 24 + 1, 0.5) });
  // A column without values goes with any.
  const unknown = data.readCsv(file('nothing.csv', 'n,x', '1,')).union(data.readCsv(file('something.csv', 'n,x', '2,3')));
  assert.deepEqual(await unknown.takeAll(), [
    { n: 1, x: null },
    { n: 2, x: 3 },
  ]);
  let all = await parquet('int.parquet', [{ x: 1 }]);
  for (let i = 0; i < 60; i++) all = all.union(data.readParquet(at('float.parquet')));
  assert.equal(await all.sum('x'), 31);
});
