/** Operations of data sets against DuckDB's own SQL, on generated rows: nulls, NaN, unicode, lists, dates, decimals, whole numbers beyond 2^53. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { type Dataset, data } from 'nbserve/data';

const folder = mkdtempSync(join(tmpdir(), 'nbserve-property-'));
const input = join(folder, 'input.parquet');
const output = join(folder, 'output.parquet');
let duckdb: DuckDBConnection;

before(async () => {
  duckdb = await (await DuckDBInstance.create(':memory:')).connect();
  await duckdb.run("SET TimeZone = 'UTC'");
});
after(() => {
  duckdb.closeSync();
  rmSync(folder, { recursive: true });
});

/** A value that is null for some rows. */
const some = (sql: string): string => `CASE WHEN random() < 0.2 THEN NULL ELSE ${sql} END`;
const whole = (limit: number): string => `CAST(floor(random() * ${limit}) AS BIGINT)`;
const COLUMNS = {
  id: 'range',
  key: some(whole(4)),
  kind: some(`(['a', 'ü', '😀', '', 'O''Hara'])[1 + ${whole(5)}]`),
  big: some(`CASE WHEN random() < 0.5 THEN 4611686018427387904 + ${whole(9)} ELSE ${whole(9)} - 4 END`),
  huge: some(`CAST(${whole(9)} AS HUGEINT) * 170141183460469231731687303715884`),
  small: some(`CAST(${whole(200)} - 100 AS TINYINT)`),
  x: some(`CASE WHEN random() < 0.2 THEN 'NaN'::DOUBLE WHEN random() < 0.1 THEN '-infinity'::DOUBLE ELSE random() - 0.5 END`),
  price: some(`CAST(random() * 100 AS DECIMAL(10, 2))`),
  long: some(`CAST(random() * 100 AS DECIMAL(30, 5))`),
  flag: some('random() < 0.5'),
  day: some(`DATE '1960-02-28' + CAST(${whole(40_000)} AS INTEGER)`),
  at: some(`TIMESTAMP '1960-01-01' + to_milliseconds(${whole(1e12)})`),
  zoned: some(`TIMESTAMPTZ '1960-01-01 00:00:00+05:30' + to_milliseconds(${whole(1e12)})`),
  list: some(`CASE WHEN random() < 0.3 THEN [] WHEN random() < 0.5 THEN [1, NULL, ${whole(9)}] ELSE [${whole(9)}] END`),
  floats: some('[CAST(random() AS FLOAT), 1.5]'),
  pair: some(`{ 'n': ${whole(9)}, 'texts': ['x', 'é'] }`),
  bytes: some(`CAST('\\xAA\\x00' AS BLOB)`),
} as const;
type Name = keyof typeof COLUMNS;
// biome-ignore lint/suspicious/noExplicitAny: the types of the values are what is tested
type AnyRow = Record<Name, any>;

async function make(rows: number, seed: number): Promise<Dataset<AnyRow>> {
  await duckdb.run(`SELECT setseed(${seed})`);
  const columns = Object.entries(COLUMNS).map(([name, sql]) => `${sql} AS "${name}"`);
  await duckdb.run(`COPY (SELECT ${columns.join(', ')} FROM range(${rows})) TO '${input}' (FORMAT parquet)`);
  return data.readParquet<AnyRow>(input);
}

const RANDOM = fc.record({
  rows: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3000 })),
  seed: fc.double({ min: 0, max: 1, noNaN: true }),
});

/** Number of rows that only one of the two has. */
async function difference(ours: Dataset, sql: string): Promise<number> {
  // A function that gets no rows makes no columns, and every file has some.
  const wanted = (await duckdb.runAndReadAll(`DESCRIBE ${sql}`)).getRows().length;
  if ((await ours.columns()).length < wanted && (await ours.count()) === 0)
    return Number((await duckdb.runAndReadAll(`SELECT count(*) FROM (${sql})`)).getRows()[0]?.[0]);
  await ours.writeParquet(output, { overwrite: true });
  const mine = `SELECT * FROM read_parquet('${output}')`;
  const reader = await duckdb.runAndReadAll(
    `SELECT count(*) FROM ((${mine} EXCEPT ALL (${sql})) UNION ALL ((${sql}) EXCEPT ALL ${mine}))`,
  );
  return Number(reader.getRows()[0]?.[0]);
}

const T = `read_parquet('${input}')`;

/** Each operation, and the query that it stands for. Results of functions are rows that went through JavaScript. */
const OPERATIONS: Readonly<Record<string, readonly [ours: (ds: Dataset<AnyRow>) => Dataset | Promise<Dataset>, sql: string]>> = {
  'a function of rows that changes nothing': [(ds) => ds.map((row) => row), `SELECT * FROM ${T}`],
  'a function of batches that changes nothing': [
    (ds) => ds.mapBatches((batch) => batch as never, { batchSize: 100 }),
    `SELECT * FROM ${T}`,
  ],
  'a condition': [(ds) => ds.filter("key > 1 OR kind = 'ü'"), `SELECT * FROM ${T} WHERE key > 1 OR kind = 'ü'`],
  'a condition by a function': [
    (ds) => ds.filter(({ key, x }) => key !== null && x !== null && !Number.isNaN(x) && x < 0),
    `SELECT * FROM ${T} WHERE key IS NOT NULL AND x < 0 AND NOT isnan(x)`,
  ],
  'columns after a function': [
    (ds) =>
      ds
        .map((row) => row)
        .dropColumns('list', 'pair')
        .select('big', 'id'),
    `SELECT big, id FROM ${T}`,
  ],
  'several rows for one': [
    (ds) => ds.select('id', 'key').flatMap((row) => Array.from({ length: row.key ?? 0 }, () => row)),
    `SELECT id, key FROM ${T} JOIN range(4) r(n) ON r.n < coalesce(key, 0)`,
  ],
  'groups and sums': [
    (ds) => ds.groupby('kind', 'key').sum('small'),
    `SELECT kind, key, sum(small) FROM ${T} GROUP BY kind, key`,
  ],
  'groups by a number that is NaN': [(ds) => ds.groupby('x').count(), `SELECT x, count(*) FROM ${T} GROUP BY x`],
  'groups by a function': [
    (ds) =>
      ds.groupby('kind').mapGroups((group) => ({
        kind: group.kind.slice(0, 1),
        rows: [group.id.length],
        max: [
          Array.from(group.big as ArrayLike<number | bigint | null>).reduce(
            (a, b) => (b === null || (a !== null && a >= b) ? a : b),
            null,
          ),
        ],
      })),
    `SELECT kind, count(*), max(big) FROM ${T} GROUP BY kind`,
  ],
  union: [(ds) => ds.union(ds.filter('flag').map((row) => row)), `SELECT * FROM ${T} UNION ALL SELECT * FROM ${T} WHERE flag`],
  'a join': [
    (ds) => ds.select('id', 'key').join(ds.select('key', 'big').limit(5), { on: 'key', how: 'left' }),
    `SELECT key, l.id, r.big FROM ${T} l LEFT JOIN (SELECT key, big FROM ${T} LIMIT 5) r USING (key)`,
  ],
  'the other joins': [
    (ds) => {
      const [left, right] = [ds.select('id', 'key').map((row) => row), ds.select('key', 'small').limit(7)];
      const joined = (['inner', 'right', 'full'] as const).map((how) => left.join(right, { on: 'key', how }) as Dataset);
      const kept = (['semi', 'anti'] as const).map((how) => left.join(right, { on: 'key', how }) as Dataset);
      const [first, ...others] = [...joined, ...kept] as [Dataset, ...Dataset[]];
      return first.union(...others);
    },
    [
      ...['INNER', 'RIGHT', 'FULL'].map((how) => `SELECT key, id, small FROM L ${how} JOIN R USING (key)`),
      ...['SEMI', 'ANTI'].map((how) => `SELECT key, id, NULL AS small FROM L ${how} JOIN R USING (key)`),
    ]
      .join(' UNION ALL ')
      .replace(/^/, `WITH L AS (SELECT id, key FROM ${T}), R AS (SELECT key, small FROM ${T} LIMIT 7) `),
  ],
  'the first rows': [
    (ds) => ds.limit(5).union(ds.map((row) => row).limit(3)),
    `(SELECT * FROM ${T} LIMIT 5) UNION ALL (SELECT * FROM ${T} LIMIT 3)`,
  ],
  'kept rows': [(ds) => ds.materialize(), `SELECT * FROM ${T}`],
  'kept rows of a function': [
    async (ds) => (await ds.map((row) => row).materialize()).filter('id > 2'),
    `SELECT * FROM ${T} WHERE id > 2`,
  ],
  'aggregates of groups': [
    (ds) =>
      ds
        .groupby('kind')
        .aggregate(['min', 'big'], ['max', 'x'], ['mean', 'small'], ['std', 'small'], ['count', ''], ['sum', 'price']),
    `SELECT kind, min(big), max(x), avg(small), stddev_samp(small), count(*), sum(price) FROM ${T} GROUP BY kind`,
  ],
  'aggregates of groups after a function': [
    (ds) =>
      ds
        .map((row) => row)
        .groupby('key')
        .aggregate(['min', 'day'], ['max', 'long'], ['mean', 'price'], ['count', '']),
    `SELECT key, min(day), max(long), avg(price::DOUBLE), count(*) FROM ${T} GROUP BY key`,
  ],
  'a file of CSV': [
    async (ds) => {
      const file = join(folder, 'rows.csv');
      await ds.select('id', 'key', 'big', 'price', 'day', 'flag').writeCsv(file, { overwrite: true });
      const types = { id: 'BIGINT', key: 'BIGINT', big: 'BIGINT', price: 'DECIMAL(10, 2)', day: 'DATE', flag: 'BOOLEAN' };
      return data.readCsv(file, { types, header: true });
    },
    `SELECT id, key, big, price, day, flag FROM ${T}`,
  ],
  'a file of JSON': [
    async (ds) => {
      const file = join(folder, 'rows.json');
      const rows = ds.filter('kind IS NOT NULL').select('id', 'kind', 'pair').filter('pair IS NOT NULL');
      if ((await rows.count()) === 0) return rows;
      await rows.writeJson(file, { overwrite: true });
      return data.readJson(file);
    },
    `SELECT id, kind, pair FROM ${T} WHERE kind IS NOT NULL AND pair IS NOT NULL`,
  ],
  zip: [(ds) => ds.select('id').zip(ds.select('x').map((row) => row)), `SELECT id, x FROM ${T}`],
  'the shuffles': [(ds) => ds.randomShuffle().repartition(7).randomizeBlockOrder(), `SELECT * FROM ${T}`],
};

for (const [name, [ours, sql]] of Object.entries(OPERATIONS))
  test(`as DuckDB: ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(RANDOM, async ({ rows, seed }) => {
        const ds = await make(rows, seed);
        const result = await ours(ds);
        assert.equal(await difference(result, sql), 0);
        // The values that JavaScript gets.
        const all = await result.takeAll();
        if (all.length > 0 && !name.startsWith('the shuffles')) assert.equal(await difference(data.fromItems(all), sql), 0);
      }),
      { numRuns: 4 },
    );
  });

test('as DuckDB: what went through a table and a file of Arrow', async () => {
  await fc.assert(
    fc.asyncProperty(RANDOM, async ({ rows, seed }) => {
      const ds = await make(rows, seed);
      assert.equal(await difference(data.fromArrow(await ds.toArrow()), `SELECT * FROM ${T}`), 0);
      const file = join(folder, 'rows.arrow');
      await ds.writeArrow(file, { overwrite: true });
      assert.equal(await difference(data.readArrow(file), `SELECT * FROM ${T}`), 0);
    }),
    { numRuns: 4 },
  );
});

test('as DuckDB: order, places, aggregates of all rows', async () => {
  await fc.assert(
    fc.asyncProperty(RANDOM, async ({ rows, seed }) => {
      const ds = await make(rows, seed);
      const ids = async (sql: string) => (await duckdb.runAndReadAll(sql)).getRows().map(([id]) => Number(id));
      const sorted = await ds.sort(['kind', 'x']).select('id').takeAll();
      assert.deepEqual(
        sorted.map(({ id }) => id),
        await ids(`SELECT id FROM ${T} ORDER BY kind NULLS LAST, x NULLS LAST, id`),
      );
      for (const column of ['price', 'long', 'big', 'at', 'list'] as const) {
        const descending = await ds
          .map((row) => row)
          .sort(column, { descending: true })
          .select('id')
          .takeAll();
        assert.deepEqual(
          descending.map(({ id }) => id),
          await ids(`SELECT id FROM ${T} ORDER BY "${column}" DESC NULLS LAST, id`),
          column,
        );
      }
      const [train, rest] = ds.trainTestSplit(0.25);
      assert.deepEqual(
        [...(await train.takeAll()), ...(await rest.takeAll())].map(({ id }) => id),
        await ids(`SELECT id FROM ${T}`),
      );
      const expected =
        (
          await duckdb.runAndReadAll(`SELECT sum(key), avg(price), max(small), stddev_samp(key), min(day) FROM ${T}`)
        ).getRowsJS()[0] ?? [];
      const found = [
        await ds.sum('key'),
        await ds.mean('price'),
        await ds.max('small'),
        await ds.std('key'),
        await ds.min('day'),
      ];
      const [finite] = (await duckdb.runAndReadAll(`SELECT stddev_samp(x) FROM ${T} WHERE isfinite(x)`)).getRows();
      assert.equal(await ds.filter('isfinite(x)').std('x'), finite?.[0] ?? null);
      const [sums] = (
        await duckdb.runAndReadAll(`SELECT sum(x), avg(x), count(x) > 1, bool_or(NOT isfinite(x)) FROM ${T}`)
      ).getRows();
      const [sum, mean, isEnough, isOdd] = sums ?? [];
      assert.deepEqual([await ds.sum('x'), await ds.mean('x')], [sum, mean]);
      if (isEnough === true && isOdd === true) assert.equal(await ds.std('x'), Number.NaN);
      const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);
      assert.deepEqual(found, expected.map(plain));
      const distinct = await duckdb.runAndReadAll(`SELECT count(*) FROM (SELECT DISTINCT x FROM ${T})`);
      assert.equal((await ds.unique('x')).length, Number(distinct.getRows()[0]?.[0]));
    }),
    { numRuns: 4 },
  );
});
