// Measures data sets: a query of two million rows beside DuckDB alone, a model in batches beside onnxruntime-node alone, and operations on the same rows
// beside Ray Data.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { data } from 'nbserve/data';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { pairedRounds, ratioOf } from './harness/rounds.mjs';

const ROWS = 2_000_000;
const PIXELS = 28 * 28;
const BATCH = 100;
const DIGITS = 10_000;
const mnist = new URL('../../datasets/mnist/', import.meta.url);

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const show = (times) => `${times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]?.toFixed(0)} ms`;

/** Both names are the same work; the ratio is that of the times, so that below 1 is faster than the peer. */
async function compare(context, { name, peer, aim, inverse }, ours, theirs) {
  await ours();
  await theirs();
  const found = await pairedRounds(context.rounds, { ours: () => timed(ours), theirs: () => timed(theirs) });
  const ratio = inverse ? ratioOf(found.theirs, found.ours) : ratioOf(found.ours, found.theirs);
  return { name, ours: show(found.ours), peer: `${peer}: ${show(found.theirs)}`, ratio, aim };
}

/** Calls `work` with a file of two million rows: `id`, `key` with a thousand values, and `x`. */
async function withRows(work) {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-bench-data-'));
  const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    const file = join(folder, 'rows.parquet');
    const make = `SELECT range AS id, (range * 7919) % 1000 AS key, (range % 977) / 3.0 AS x FROM range(${ROWS})`;
    await duckdb.run(`COPY (${make}) TO '${file}' (FORMAT parquet)`);
    return await work(file, duckdb);
  } finally {
    duckdb.closeSync();
    rmSync(folder, { recursive: true });
  }
}

const grouping = (file) => data.readParquet(file).filter('x > 100').groupby('key').mean('x');

export function run(context) {
  return withRows(async (file, duckdb) => {
    const query = { name: `${ROWS / 1e6} M rows: scan, filter, group`, peer: 'DuckDB alone', aim: { atMost: 2 }, inverse: false };
    const grouped = grouping(file);
    const sql = `SELECT key, avg(x) FROM read_parquet('${file}') WHERE x > 100 GROUP BY key ORDER BY key`;
    return [
      await compare(
        context,
        query,
        () => grouped.takeAll(),
        async () => (await duckdb.runAndReadAll(sql)).getRowObjectsJS(),
      ),
      await inBatches(context),
    ];
  });
}

/** The same file and the same operations in Ray Data. How often each is faster: above 1 is faster than Ray. */
export function withRayData(context, ray) {
  return withRows(async (file) => {
    const doubled = data
      .readParquet(file)
      .mapBatches(({ id, x }) => ({ id, x: Float64Array.from(x, (value) => value * 2) }), { batchSize: 4096 });
    const sides = {
      'scan, filter, group': { name: 'group', aim: { atLeast: 20 }, ours: () => grouping(file).takeAll() },
      'a function of batches': { name: 'batches', aim: undefined, ours: () => doubled.sum('x') },
      'random order of all rows': {
        name: 'shuffle',
        aim: undefined,
        ours: () => data.readParquet(file).randomShuffle().materialize(),
      },
    };
    const rows = [];
    for (const [what, { name, aim, ours }] of Object.entries(sides)) {
      await ours();
      await ray.ask(name, file);
      const found = await pairedRounds(context.peerRounds, {
        ours: () => ray.suspended(() => timed(ours)),
        ray: () => ray.ask(name, file),
      });
      const ratio = ratioOf(found.ray, found.ours);
      rows.push({
        name: `${ROWS / 1e6} M rows: ${what}`,
        ours: show(found.ours),
        peer: `Ray Data: ${show(found.ray)}`,
        ratio,
        aim,
      });
    }
    return rows;
  });
}

/** Ten thousand digits in batches of a hundred, all in this process. */
async function inBatches(context) {
  const session = await InferenceSession.create(fileURLToPath(new URL('mnist-cnn.onnx', mnist)));
  const bytes = readFileSync(new URL('t10k-1000-images-idx3-ubyte', mnist)).subarray(16);
  const digit = (n) => Float32Array.from(bytes.subarray((n % 1000) * PIXELS, ((n % 1000) + 1) * PIXELS), (byte) => byte / 255);
  const digits = Array.from({ length: DIGITS }, (_, n) => ({ image: digit(n) }));
  const classify = async ({ image }) => {
    const pixels = new Float32Array(image.length * PIXELS);
    for (const [i, one] of image.entries()) pixels.set(one, i * PIXELS);
    const { logits } = await session.run({ image: new Tensor('float32', pixels, [image.length, 1, 28, 28]) });
    return { first: Array.from({ length: image.length }, (_, i) => logits.data[i * 10]) };
  };
  const predictions = data.fromItems(digits).mapBatches(classify, { batchSize: BATCH });
  const ours = () => predictions.count();
  // The batches are ready: nothing but the model runs.
  const batches = Array.from({ length: DIGITS / BATCH }, (_, at) => {
    const pixels = new Float32Array(BATCH * PIXELS);
    for (const [i, { image }] of digits.slice(at * BATCH, (at + 1) * BATCH).entries()) pixels.set(image, i * PIXELS);
    return new Tensor('float32', pixels, [BATCH, 1, 28, 28]);
  });
  const theirs = async () => {
    for (const image of batches) await session.run({ image });
  };
  const options = { name: 'mapBatches with ONNX, rate', peer: 'onnxruntime-node alone', aim: { atLeast: 0.8 }, inverse: true };
  return compare(context, options, ours, theirs);
}
