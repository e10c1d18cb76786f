/** What data sets must not lose without a word: columns, digits, rows of a split, the number of blocks. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { type Dataset, data, digitPng } from 'nbserve/data';

const folder = mkdtempSync(join(tmpdir(), 'nbserve-exact-'));
const at = (name: string): string => join(folder, name);
after(() => rmSync(folder, { recursive: true }));
const ids = (rows: readonly { id: number }[]): number[] => rows.map(({ id }) => id);

test('several files are read block by block, and not counted before', async () => {
  for (const name of ['one', 'two']) await data.range(100_000).writeParquet(at(`many/${name}.parquet`));
  const sizes: number[] = [];
  const noted = data.readParquet<{ id: number }>(at('many')).mapBatches(
    ({ id }) => {
      sizes.push(id.length);
      return { id };
    },
    { batchSize: null },
  );
  assert.equal((await noted.take(5)).length, 5);
  assert.ok(sizes.length === 1 && (sizes[0] as number) < 50_000, `blocks of ${sizes.join()} rows`);
});

test('repartition cuts into exactly so many blocks, also what a function has made, and for functions of rows', async () => {
  const sizes: number[] = [];
  const note = (batch: { id: ArrayLike<number> }) => {
    sizes.push(batch.id.length);
    return { id: batch.id };
  };
  const blocksOf = async (rows: typeof ranged): Promise<number[]> => {
    sizes.length = 0;
    assert.deepEqual(ids(await rows.mapBatches(note, { batchSize: null }).takeAll()), ids(await data.range(17).takeAll()));
    return [...sizes];
  };
  const ranged = data.range(17);
  assert.deepEqual(await blocksOf(ranged.repartition(16)), [...new Array<number>(15).fill(1), 2]);
  assert.deepEqual(await blocksOf(ranged.map((row) => row).repartition(4)), [4, 4, 4, 5]);
  assert.deepEqual(await blocksOf(ranged.repartition(4).map((row) => row)), [4, 4, 4, 5]);
  assert.deepEqual((await blocksOf(ranged.repartition(40))).length, 17);
  assert.deepEqual(await blocksOf(ranged.repartition(4).select('id')), [4, 4, 4, 5]);
});

test('pictures: order, modes, sizes, paths, and a file that is none', async () => {
  mkdirSync(at('digits/below'), { recursive: true });
  for (const [i, name] of ['b.png', 'a.png', 'below/c.PNG'].entries())
    writeFileSync(at(`digits/${name}`), digitPng(new Uint8Array(784).fill(i * 100)));
  writeFileSync(at('digits/no-picture.txt'), 'x');
  const read = data.readImages(at('digits'), { mode: 'L', includePaths: true });
  const rows = await read.takeAll();
  assert.deepEqual(
    rows.map(({ path, width, height, channels, image }) => [
      path.slice(at('digits/').length),
      width,
      height,
      channels,
      image.length,
      image[0],
    ]),
    [
      ['a.png', 28, 28, 1, 784, 100],
      ['b.png', 28, 28, 1, 784, 0],
      ['below/c.PNG', 28, 28, 1, 784, 200],
    ],
  );
  const [small] = await data.readImages(at('digits/*.png'), { size: { width: 7, height: 14 } }).take(1);
  assert.deepEqual([small?.width, small?.height, small?.channels, small?.image.length], [7, 14, 3, 3 * 7 * 14]);
  assert.deepEqual(await data.readImages(at('digits/a.png')).columns(), ['image', 'width', 'height', 'channels']);
  const order = async (shuffle: 'files' | { seed: number }) =>
    (await data.readImages(at('pictures-of-many'), { shuffle, includePaths: true, mode: 'L' }).takeAll()).map(({ path }) => path);
  mkdirSync(at('pictures-of-many'));
  for (let i = 0; i < 20; i++) writeFileSync(at(`pictures-of-many/${i}.png`), digitPng(new Uint8Array(784)));
  assert.deepEqual(await order({ seed: 3 }), await order({ seed: 3 }));
  assert.notDeepEqual(await order({ seed: 3 }), await order({ seed: 4 }));
  assert.notDeepEqual(await order('files'), (await order('files')).toSorted());
  writeFileSync(at('digits/broken.png'), 'no picture');
  await assert.rejects(read.union(data.readImages(at('digits/broken.png'), { mode: 'L' }) as typeof read).count(), {
    code: /^NBS_IMAGE_/,
  });
  assert.throws(() => data.readImages(at('digits'), { mode: 'CMYK' as 'L' }), { code: 'NBS_DATA_ARGUMENT' });
  await assert.rejects(async () => data.readCsv(at('[z-a].csv')).takeAll(), {
    code: 'NBS_DATA_ARGUMENT',
    message: /go upwards, as in \[a-z\], got .*\[z-a\]/,
  });
});

test('the halves of a split never overlap, even if the order or the choice of the rows is random', async () => {
  mkdirSync(at('pictures'));
  for (let i = 0; i < 12; i++) {
    writeFileSync(at(`pictures/${String(i).padStart(2, '0')}.png`), digitPng(new Uint8Array(784).fill(i * 20)));
  }
  const shuffled = data.readImages(at('pictures'), { shuffle: 'files', mode: 'L', includePaths: true });
  const [train, rest] = shuffled.trainTestSplit(0.5);
  const paths = [...(await train.takeAll()), ...(await rest.takeAll())].map(({ path }) => path);
  assert.equal(new Set(paths).size, 12);

  const rows = data.range(2000);
  let calls = 0;
  const picked = {
    'a condition': rows.filter('random() < 0.5'),
    'a join': rows.join(data.range(3000), { on: 'id' }),
    'a function': rows.filter(() => {
      calls += 1;
      return Math.random() < 0.5;
    }),
  };
  for (const [name, some] of Object.entries(picked))
    for (const shuffle of [false, true]) {
      const [a, b] = some.trainTestSplit({ testSize: 0.3, shuffle });
      const [first, second] = [ids(await a.takeAll()), ids(await b.takeAll())];
      assert.equal(new Set([...first, ...second]).size, first.length + second.length, name);
      assert.ok(
        Math.abs(second.length / (first.length + second.length) - 0.3) < 0.01,
        `${name}: ${first.length}, ${second.length}`,
      );
      assert.deepEqual(ids(await a.takeAll()), first, name);
    }
  assert.equal(calls, 4000, 'the function is called once for each split');
});

interface Priced {
  readonly id: number;
  readonly price: number;
}

test('decimals of wide types are numbers while these are exact', async () => {
  const file = at('prices.csv');
  writeFileSync(file, 'id,price\n1,10.00\n2,9.00\n3,-0.05\n4,\n');
  const prices = data.readCsv<Priced>(file, { types: { price: 'DECIMAL(18,2)' } });
  assert.deepEqual(await prices.select('price').takeAll(), [{ price: 10 }, { price: 9 }, { price: -0.05 }, { price: null }]);
  const mapped = prices.map((row) => row);
  assert.deepEqual(ids(await mapped.sort('price').takeAll()), [3, 2, 1, 4]);
  assert.equal(await mapped.max('price'), 10);
  assert.equal(await prices.sum('price'), 18.95);
  assert.deepEqual(await prices.filter('id < 3').groupby('id').sum('price').takeAll(), [
    { id: 1, 'sum(price)': 10 },
    { id: 2, 'sum(price)': 9 },
  ]);
  assert.deepEqual((await data.fromArrow(await prices.toArrow()).toColumns()).price, [10, 9, -0.05, null]);
  writeFileSync(file, 'id,price\n1,1234567890123456.25\n2,1.50\n');
  const large = data.readCsv<Priced>(file, { types: { price: 'DECIMAL(18,2)' } });
  assert.deepEqual(await large.select('price').toColumns(), { price: ['1234567890123456.25', 1.5] });
  assert.equal(await large.sum('price'), 1234567890123457.8);
  await assert.rejects(
    large
      .map((row) => row)
      .sort('price')
      .takeAll(),
    { code: 'NBS_MIXED_COLUMN', message: /price/ },
  );
  // What is kept without a function keeps its type.
  const kept = await large.materialize();
  assert.deepEqual(await kept.schema(), await large.schema());
  assert.deepEqual(ids(await kept.sort('price').takeAll()), [2, 1]);
});

test('a function that gets or gives no rows: what follows gives none either', async () => {
  const empty = data.range(0).map((row) => row);
  const none = data.range(3).flatMap((): { id: number }[] => []);
  for (const rows of [empty, none] as Dataset<{ id: number }>[]) {
    assert.deepEqual(await rows.takeAll(), []);
    assert.deepEqual(await rows.sort('id').takeAll(), []);
    assert.deepEqual(await rows.filter('id > 1').select('id').takeAll(), []);
    assert.deepEqual(await rows.groupby('id').count().takeAll(), []);
    assert.deepEqual(
      await rows
        .groupby('id')
        .mapGroups((group) => ({ id: group.id }))
        .takeAll(),
      [],
    );
    assert.deepEqual(await rows.unique('id'), []);
    assert.deepEqual([await rows.sum('id'), await rows.max('id'), await rows.count()], [null, null, 0]);
    assert.deepEqual(await rows.join(data.range(2), { on: 'id' }).takeAll(), []);
    assert.deepEqual(
      ids((await data.range(2).join(rows, { on: 'id', how: 'left' }).sort('id').takeAll()) as { id: number }[]),
      [0, 1],
    );
    assert.deepEqual(await rows.zip(rows).takeAll(), []);
    assert.deepEqual(await data.range(2).union(rows.sort('id')).toColumns(), { id: [0, 1] });
    assert.deepEqual(await rows.toColumns(), {});
    assert.deepEqual(await (await rows.materialize()).sort('id').takeAll(), []);
    assert.deepEqual(await rows.randomShuffle().trainTestSplit(0.5)[0].takeAll(), []);
  }
});

test('numbers that do not fit together are refused, and those of wide arrays are kept', async () => {
  const wide = 2n ** 60n + 1n;
  for (const rows of [
    [{ n: wide }, { n: 0.5 }],
    [{ n: 0.5 }, { n: wide }],
  ])
    await assert.rejects(data.fromItems(rows).sort('n').takeAll(), {
      code: 'NBS_MIXED_COLUMN',
      message: /column n mixes fractions/,
    });
  assert.deepEqual(
    await data
      .fromItems([{ n: wide }, { n: 5 }])
      .sort('n')
      .takeAll(),
    [{ n: 5 }, { n: wide }],
  );
  const columns = { n: BigUint64Array.of(2n ** 64n - 1n, 7n), list: [BigUint64Array.of(2n ** 64n - 1n), BigUint64Array.of(1n)] };
  const unsigned = data.range(2).mapBatches(() => columns as unknown as { n: bigint[]; list: bigint[][] });
  assert.deepEqual(await unsigned.sort('n').takeAll(), [
    { n: 7, list: [1] },
    { n: 2n ** 64n - 1n, list: [2n ** 64n - 1n] },
  ]);
});

test('names that differ only in case are refused by name where DuckDB cannot keep them apart', async () => {
  const rows = data.fromItems([{ id: 1, ID: 2 }]);
  assert.deepEqual(await rows.takeAll(), [{ id: 1, ID: 2 }]);
  await assert.rejects(rows.sort('id').takeAll(), { code: 'NBS_DATA_SAME_NAME', message: /id and ID/ });
  await assert.rejects(
    data
      .fromItems([{ a: { b: 1, B: 2 } }])
      .sort('a')
      .takeAll(),
    { code: 'NBS_DATA_SAME_NAME', message: /a\.b and a\.B/ },
  );
});

test('globs with alternatives and sets of characters', async () => {
  mkdirSync(at('globs'));
  for (const name of ['a', 'b', 'c']) writeFileSync(at(`globs/${name}.csv`), `id\n${name.charCodeAt(0)}\n`);
  const idsOf = async (glob: string) => ids(await data.readCsv<{ id: number }>(at(glob)).takeAll());
  assert.deepEqual(await idsOf('globs/{a,c}.csv'), [97, 99]);
  assert.deepEqual(await idsOf('globs/[ab].csv'), [97, 98]);
  assert.deepEqual(await idsOf('globs/[!ab].csv'), [99]);
});

test('a limit that is no amount is refused at once, and changes nothing', async () => {
  for (const memoryLimit of ['lots', Number.NaN])
    await assert.rejects(data.configure({ memoryLimit }), { code: 'NBS_DATA_QUERY' });
  await data.configure({ memoryLimit: '1GB' });
  assert.equal(await data.range(3).count(), 3);
});

test('without the package of DuckDB, the message says what to install', async () => {
  const hook = `export async function resolve(name, context, next) {
    if (name === '@duckdb/node-api') throw new Error('it is not there');
    return next(name, context);
  }`;
  const script = `
    import { register } from 'node:module';
    register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)});
    const { data } = await import('nbserve/data');
    await data.range(1).count().catch(({ code, message }) => console.log(code, message));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
  });
  assert.match(stdout, /^NBS_NO_DUCKDB .*npm install @duckdb\/node-api/);
});

test('a DuckDB that could not be opened is opened again by the next data set', async () => {
  const script = `
    import { data } from 'nbserve/data';
    const codes = [];
    await data.configure({ memoryLimit: 'lots' }).catch((error) => codes.push(error.code));
    await data.range(1).count().catch((error) => codes.push(error.code));
    process.env.TMPDIR = ${JSON.stringify(tmpdir())};
    console.log(codes.join(), await data.range(3).count());`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    env: { ...process.env, TMPDIR: at('missing') },
  });
  assert.equal(stdout.trim(), 'NBS_DATA_QUERY,NBS_DATA_QUERY 3');
});

test('messages name the cause', async () => {
  assert.throws(() => data.readImages('s3://bucket/x'), {
    code: 'NBS_DATA_REMOTE',
    message: /readImages: s3:\/\/bucket\/x is not a file of this machine: this call reads local files only/,
  });
  writeFileSync(at('cities.csv'), 'id,city\n1,Rome\n');
  await assert.rejects(data.readCsv(at('cities.csv')).filter('CAST(city AS INT) > 1').takeAll(), {
    code: 'NBS_DATA_QUERY',
    message: /Rome/,
  });
  writeFileSync(at('text.csv'), 'id\nx\n');
  await assert.rejects(data.readCsv(at('text.csv'), { types: { id: 'BIGINT' }, header: true }).takeAll(), {
    code: 'NBS_DATA_UNREADABLE',
  });
});

test('whole numbers beyond 64 bits and sums of whole numbers keep their digits in a Parquet file', async () => {
  const big = 9007199254740993n;
  const wide = [
    { k: 1, x: 2n ** 70n, list: [2n ** 70n], o: { HUGEINT: 'HUGEINT', n: -(2n ** 70n) } },
    { k: 2, x: 5, list: [7], o: { HUGEINT: 'x', n: 1 } },
  ];
  await data.fromItems(wide).writeParquet(at('wide.parquet'));
  assert.deepEqual(await data.readParquet(at('wide.parquet')).takeAll(), wide);
  const sums = data
    .fromItems([{ k: 1, x: big }])
    .groupby('k')
    .sum('x');
  await sums.writeParquet(at('sums.parquet'));
  const read = data.readParquet(at('sums.parquet'));
  assert.deepEqual(await read.takeAll(), [{ k: 1, 'sum(x)': big }]);
  assert.equal(await read.sum('sum(x)'), big);
  assert.deepEqual((await data.fromArrow(await read.toArrow()).takeAll())[0], { k: 1, 'sum(x)': big });
  await assert.rejects(data.fromItems([{ x: 2n ** 127n - 1n }]).writeParquet(at('too-wide.parquet')), { code: /^NBS_DATA_/ });
});
