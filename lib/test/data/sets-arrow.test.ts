/** Data sets as tables and files of Arrow, and back: by the package `apache-arrow`, and by pyarrow. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { IntervalYearMonth, Table, tableFromArrays, tableFromIPC, tableToIPC, vectorFromArray } from 'apache-arrow';
import { data, type Row } from 'nbserve/data';

const folder = mkdtempSync(join(tmpdir(), 'nbserve-arrow-'));
const at = (name: string): string => join(folder, name);
after(() => rmSync(folder, { recursive: true }));
const fromRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The same columns, all null. */
const without = (row: Row = {}): Row => Object.fromEntries(Object.keys(row).map((name) => [name, null]));

/** A Parquet file with a column of each type, and nulls. */
async function writeTypes(file: string): Promise<void> {
  const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
  const columns = {
    flag: 'true',
    tiny: '-1::TINYINT',
    small: '-2::SMALLINT',
    whole: '7::INTEGER',
    big: '4611686018427387905::BIGINT',
    utiny: '255::UTINYINT',
    ubig: '18446744073709551615::UBIGINT',
    x: "'NaN'::DOUBLE",
    y: '1.5::FLOAT',
    price: '-12.30::DECIMAL(10, 2)',
    long: '-12345678901234567890.123::DECIMAL(30, 3)',
    text: "'ü😀'",
    bytes: "'\\xAA\\x00'::BLOB",
    day: "DATE '1960-02-29'",
    at: "TIMESTAMP '1960-01-01 00:00:00.123'",
    zoned: "TIMESTAMPTZ '2024-03-31 01:30:00+05:30'",
    clock: "TIME '13:05:00.25'",
    id: "'b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::UUID",
    list: '[1, NULL, 3]',
    floats: '[1.5::FLOAT, 2]',
    empty: '[]::VARCHAR[]',
    nested: '[[1], NULL, []]',
    pair: "{ 'n': 1, 'texts': ['x', NULL], 'at': { 'd': DATE '2020-01-01' } }",
    map: "MAP { 'k': 1, 'l': NULL }",
  };
  const named = Object.entries(columns);
  const first = named.map(([name, sql]) => `${sql} AS ${name}`).join(', ');
  const nulls = named.map(([name]) => `NULL AS ${name}`).join(', ');
  await duckdb.run(`COPY (SELECT ${first} UNION ALL SELECT ${nulls} UNION ALL SELECT ${first}) TO '${file}' (FORMAT parquet)`);
  duckdb.closeSync();
}

test('each type: a table and a file hold what the data set has', async () => {
  await writeTypes(at('types.parquet'));
  const types = data.readParquet(at('types.parquet'));
  const rows = await types.takeAll();
  assert.equal(rows.length, 3);
  const table = await types.toArrow<Table>();
  assert.equal(table.numRows, 3);
  assert.deepEqual(Object.fromEntries(table.schema.fields.map(({ name, type }) => [name, String(type)])), {
    flag: 'Bool',
    tiny: 'Int8',
    small: 'Int16',
    whole: 'Int32',
    big: 'Int64',
    utiny: 'Uint8',
    ubig: 'Uint64',
    x: 'Float64',
    y: 'Float32',
    price: 'Decimal[10e+2]',
    long: 'Decimal[30e+3]',
    text: 'Utf8',
    bytes: 'Binary',
    day: 'Date32<DAY>',
    at: 'Timestamp<MILLISECOND>',
    zoned: 'Timestamp<MILLISECOND, UTC>',
    clock: 'Utf8',
    id: 'Utf8',
    list: 'List<Int32>',
    floats: 'List<Float32>',
    empty: 'List<Utf8>',
    nested: 'List<List<Int32>>',
    pair: 'Struct<{n:Int32, texts:List<Utf8>, at:Struct<{d:Date32<DAY>}>}>',
    map: 'Map<{key:Utf8, value:Int32}>',
  });
  assert.deepEqual(await data.fromArrow(table).takeAll(), rows);
  // The bytes of the format, read by the package.
  assert.deepEqual(await data.fromArrow(tableFromIPC(tableToIPC(table))).takeAll(), rows);
  await types.writeArrow(at('types.arrow'));
  assert.deepEqual(await data.readArrow(at('types.arrow')).takeAll(), rows);
});

test('rows of functions, many batches, no rows, no columns', async () => {
  const made = data.range(17_000).map(({ id }) => ({
    id,
    text: id % 3 === 0 ? null : `ü${id}`,
    when: id % 2 === 0 ? new Date(id * 1e7 - 1e11) : null,
    big: id % 2 === 0 ? 2n ** 60n + BigInt(id) : id,
    huge: -(10n ** 30n) - BigInt(id),
    list: Float32Array.of(id, 0.5),
    o: id % 50 !== 0 ? null : { a: [id, null], m: new Map([[`k${id}`, { deep: [true] }]]) },
  }));
  const rows = await made.takeAll();
  const table = await made.toArrow<Table>();
  assert.ok(table.batches.length > 1);
  const back = await data.fromArrow(table).takeAll();
  assert.equal(back.length, rows.length);
  const some = (_: unknown, i: number): boolean => i % 25 === 0 || i > 16_300;
  assert.deepEqual(back.filter(some), rows.filter(some));
  assert.equal(table.get(1)?.text, 'ü1');
  await made.writeArrow(at('made'));
  assert.deepEqual(readdirSync(at('made')), ['part-0.arrow']);
  const read = data.readArrow<{ id: number; path: string }>(at('made'), { columns: ['id'], includePaths: true });
  assert.deepEqual(await read.take(1), [{ id: 0, path: at('made/part-0.arrow') }]);
  assert.equal(await read.count(), 17_000);
  await assert.rejects(made.writeArrow(at('made')), { code: 'NBS_DATA_EXISTS' });

  const none = data.range(0);
  const empty = await none.toArrow<Table>();
  assert.deepEqual([empty.numRows, empty.schema.fields.map(String)], [0, ['id: Int64']]);
  assert.deepEqual(await data.fromArrow(empty).columns(), ['id']);
  await none.writeArrow(at('none.arrow'));
  assert.deepEqual(await data.readArrow(at('none.arrow')).toColumns(), { id: [] });
});

test('tables of the package: sliced, with nulls, with names that occur twice', async () => {
  const table = tableFromArrays({ n: Int32Array.of(1, 2, 3, 4), t: ['a', null, 'c', 'd'] });
  assert.deepEqual(await data.fromArrow(table.slice(1, 3)).takeAll(), [
    { n: 2, t: null },
    { n: 3, t: 'c' },
  ]);
  const twice = table.select(['n', 'n']);
  assert.deepEqual(await data.fromArrow(twice).columns(), ['n', 'n:1']);
  // What a function changes is not the memory of the table.
  const zeroed = data.fromArrow<{ n: number }>(table).mapBatches(({ n }) => ({ n: (n as Int32Array).fill(0) }));
  assert.equal(await zeroed.sum('n'), 0);
  assert.deepEqual([...(table.getChild('n') ?? [])], [1, 2, 3, 4]);
});

test('what cannot be read says why', async () => {
  assert.throws(() => data.fromArrow({} as Table), { code: 'NBS_DATA_ARGUMENT', message: /a table of apache-arrow/ });
  const months = vectorFromArray([Int32Array.of(1, 2)], new IntervalYearMonth());
  await assert.rejects(data.fromArrow(new Table({ months })).takeAll(), {
    code: 'NBS_ARROW_TYPE',
    message: /column months has the type Interval/,
  });
  writeFileSync(at('broken.arrow'), 'ARROW1 this is none');
  await assert.rejects(data.readArrow(at('broken.arrow')).takeAll(), { code: 'NBS_DATA_UNREADABLE', message: /broken\.arrow/ });
  const whole = tableToIPC(tableFromArrays({ n: Int32Array.of(1, 2, 3) }), 'file');
  for (const length of [20, whole.length - 30]) {
    writeFileSync(at('cut.arrow'), whole.subarray(0, length));
    await assert.rejects(data.readArrow(at('cut.arrow')).takeAll(), { code: 'NBS_DATA_UNREADABLE', message: /cut\.arrow/ });
  }
  await assert.rejects(data.readArrow(at('none.arrow'), { columns: ['x'] }).takeAll(), { code: 'NBS_NO_SUCH_COLUMN' });
  assert.throws(() => data.readArrow(at('nothing.arrow')), { code: 'NBS_DATA_NO_FILES' });
});

test('pyarrow reads what is written, and its files are read', async (context) => {
  const { pyarrowPython } = (await import(pathToFileURL(fromRoot('ci/pyarrow.mjs')).href)) as { pyarrowPython: () => string };
  let python: string;
  try {
    python = pyarrowPython();
  } catch (error) {
    context.skip(`Python with pyarrow cannot be set up: ${(error as Error).message}`);
    return;
  }
  const rows = await data.readArrow(at('types.arrow')).takeAll();
  const files = ['types.arrow', 'again.arrow', 'further.arrow', 'streamed.arrows'].map(at);
  const stdout = execFileSync(python, [fromRoot('lib/test/fixtures/pyarrow-values.py'), ...files], { encoding: 'utf8' });
  const seen = JSON.parse(stdout) as { types: Record<string, string>; rows: Record<string, string>[] };
  assert.deepEqual(seen.types, {
    flag: 'bool',
    tiny: 'int8',
    small: 'int16',
    whole: 'int32',
    big: 'int64',
    utiny: 'uint8',
    ubig: 'uint64',
    x: 'double',
    y: 'float',
    price: 'decimal128(10, 2)',
    long: 'decimal128(30, 3)',
    text: 'string',
    bytes: 'binary',
    day: 'date32[day]',
    at: 'timestamp[ms]',
    zoned: 'timestamp[ms, tz=UTC]',
    clock: 'string',
    id: 'string',
    list: 'list<item: int32>',
    floats: 'list<item: float>',
    empty: 'list<item: string>',
    nested: 'list<item: list<item: int32>>',
    pair: 'struct<n: int32, texts: list<item: string>, at: struct<d: date32[day]>>',
    map: 'map<string, int32>',
  });
  const [first, nulls, third] = seen.rows;
  assert.deepEqual(first, {
    flag: 'True',
    tiny: '-1',
    small: '-2',
    whole: '7',
    big: '4611686018427387905',
    utiny: '255',
    ubig: '18446744073709551615',
    x: 'nan',
    y: '1.5',
    price: "Decimal('-12.30')",
    long: "Decimal('-12345678901234567890.123')",
    text: "'ü😀'",
    bytes: "b'\\xaa\\x00'",
    day: 'datetime.date(1960, 2, 29)',
    at: 'datetime.datetime(1960, 1, 1, 0, 0, 0, 123000)',
    zoned: "datetime.datetime(2024, 3, 30, 20, 0, tzinfo=zoneinfo.ZoneInfo(key='UTC'))",
    clock: "'13:05:00.25'",
    id: "'b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
    list: '[1, None, 3]',
    floats: '[1.5, 2.0]',
    empty: '[]',
    nested: '[[1], None, []]',
    pair: "{'n': 1, 'texts': ['x', None], 'at': {'d': datetime.date(2020, 1, 1)}}",
    map: "[('k', 1), ('l', None)]",
  });
  assert.deepEqual(third, first);
  assert.deepEqual(new Set(Object.values(nulls ?? {})), new Set(['None']));
  assert.deepEqual(await data.readArrow(at('again.arrow')).takeAll(), rows);
  const further = await data.readArrow(at('further.arrow')).takeAll();
  assert.deepEqual(further, [
    {
      none: null,
      half: 1.5,
      wide: 9223372036854775807n,
      unsigned: 18446744073709551615n,
      price: -12.3,
      long: '-12345678901234567890.123',
      day: new Date('1960-02-29'),
      at: new Date('1960-01-01'),
      zoned: new Date('2024-03-31'),
      clock: '13:05:00.25',
      span: '-30:00:00.005',
      word: 'ü',
      large: 'x',
      view: 'a text of more than twelve bytes',
      bytes: Uint8Array.of(0xaa, 0),
      ids: Uint8Array.of(97, 98),
      numbers: Int32Array.of(1, 2),
      gaps: [1, null],
      pair: Float64Array.of(1.5, 2),
      deep: { a: [{ b: 1 }], d: new Date('2020-01-01') },
      map: new Map([
        ['k', 1],
        ['l', null],
      ]),
      flag: true,
    },
    { ...without(further[1]), unsigned: 1, zoned: new Date('2024-03-31'), gaps: [null] },
    {
      none: null,
      half: Number.NEGATIVE_INFINITY,
      wide: -5,
      unsigned: null,
      price: 0.05,
      long: 0.001,
      day: new Date('2024-03-31'),
      at: new Date('2024-03-31T01:30Z'),
      zoned: new Date('2024-03-31'),
      clock: '00:00:00',
      span: '00:00:01',
      word: 'ü',
      large: '😀',
      view: '',
      bytes: new Uint8Array(0),
      ids: Uint8Array.of(99, 100),
      numbers: new Int32Array(0),
      gaps: null,
      pair: Float64Array.of(3, 4),
      deep: { a: null, d: null },
      map: new Map(),
      flag: false,
    },
  ]);
  assert.deepEqual(await data.readArrow(at('streamed.arrows')).takeAll(), further.slice(1));
});
