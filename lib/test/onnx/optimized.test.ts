import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { encodeModel, onnx } from 'nbserve/onnx';

const folder = mkdtempSync(join(tmpdir(), 'nbserve-optimized-'));
const before = process.env.NBSERVE_CACHE;
process.env.NBSERVE_CACHE = join(folder, 'cache');
after(() => {
  if (before === undefined) delete process.env.NBSERVE_CACHE;
  else process.env.NBSERVE_CACHE = before;
  rmSync(folder, { recursive: true });
});

/** `y = x × w`, with `w` so large that it is stored outside of the optimized model. */
const scale = (weight: number) =>
  encodeModel({
    name: 'scale',
    inputs: [{ name: 'x', type: 'float32', shape: ['n', 512] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['n', 512] }],
    nodes: [{ op: 'Mul', inputs: ['x', 'w'], outputs: ['y'] }],
    weights: { w: onnx.tensor(new Float32Array(512).fill(weight), [512]) },
  });
const ones = onnx.tensor(new Float32Array(512).fill(1), [1, 512]);
const first = async (source: string | Uint8Array, options: onnx.LoadOptions) => {
  const model = await onnx.load(source, { device: 'cpu', ...options });
  const { y } = await model.run(ones);
  await model.dispose();
  return y?.data[0];
};
const copies = () => readdirSync(join(folder, 'cache', `optimized-${process.getuid?.()}`)).length;

test('an optimized copy is made once, gives the same answers, and follows a change of the model', async () => {
  const file = join(folder, 'scale.onnx');
  writeFileSync(file, scale(2));
  for (let i = 0; i < 2; i += 1) assert.equal(await first(file, { shareWeights: true }), 2);
  assert.equal(copies(), 1);
  assert.equal(await first(file, { cacheOptimized: true }), 2);
  assert.equal(copies(), 2);
  writeFileSync(file, scale(3.5));
  assert.equal(await first(file, { shareWeights: true }), 3.5);
  assert.equal(copies(), 2, 'the copy of the old model is gone');
  assert.equal(await first(scale(5), { shareWeights: true, runIn: 'loop' }), 5);
});

test('drafts that killed processes have left are removed, and locks of others are not', async () => {
  const file = join(folder, 'drafts.onnx');
  writeFileSync(file, scale(2));
  const home = join(folder, 'cache', `optimized-${process.getuid?.()}`);
  const known = new Set(readdirSync(home));
  assert.equal(await first(file, { shareWeights: true }), 2);
  const copy = readdirSync(home).find((name) => !known.has(name)) ?? assert.fail();
  rmSync(join(home, copy), { recursive: true });
  const [model] = copy.split('-');
  const elsewhere = `${copy}.1-4194305-1-abcdef`;
  const lock = `${model}-older.lock`;
  for (const name of [`${copy}.abcdef`, elsewhere, `${model}-older.abcdef`]) mkdirSync(join(home, name));
  writeFileSync(join(home, lock), '');
  assert.equal(await first(file, { shareWeights: true }), 2);
  assert.deepEqual(readdirSync(home).sort(), [...known, copy, elsewhere, lock].sort());
  for (const name of [elsewhere, lock]) rmSync(join(home, name), { recursive: true });
});

test('several loads at the same time make one copy', async () => {
  const file = join(folder, 'several.onnx');
  writeFileSync(file, scale(7));
  const all = await Promise.all(Array.from({ length: 4 }, () => first(file, { shareWeights: true })));
  assert.deepEqual(all, [7, 7, 7, 7]);
});

test('locks that nobody holds any more do not stop a load', async () => {
  const file = join(folder, 'locked.onnx');
  const home = join(folder, 'cache', `optimized-${process.getuid?.()}`);
  writeFileSync(file, scale(9));
  mkdirSync(home, { recursive: true });
  const before = new Set(readdirSync(home));
  assert.equal(await first(file, { shareWeights: true }), 9);
  const [name = ''] = readdirSync(home).filter((each) => !before.has(each));
  // A full disk leaves an empty one, and after a restart of a container another process can have the pid, even this one.
  for (const content of ['', String(process.pid), JSON.stringify({ pid: process.pid, start: '1' })]) {
    rmSync(join(home, name), { recursive: true });
    writeFileSync(join(home, `${name}.lock`), content);
    utimesSync(join(home, `${name}.lock`), 1, 1);
    assert.equal(await first(file, { shareWeights: true }), 9, content);
  }
});

test('the other settings of a session give the same answers', async () => {
  for (const options of [
    { graphOptimizationLevel: 'disabled' },
    { graphOptimizationLevel: 'basic', memoryArena: false },
    { memoryPattern: false, runIn: 'loop' },
  ] as const)
    assert.equal(await first(scale(2), options), 2, JSON.stringify(options));
  await assert.rejects(onnx.load(scale(2), { graphOptimizationLevel: 'most' as 'all' }), {
    code: 'NBS_INVALID_OPTION',
    message: /disabled, basic, extended, all/,
  });
});

test('the best batch is measured once, and remembered until the model changes', async () => {
  const file = join(folder, 'my batch.onnx');
  writeFileSync(file, scale(2));
  const found = await onnx.tuneBatch(file, ones, { device: 'cpu', maxBatchSize: 8 });
  assert.equal(found.isRemembered, false);
  assert.ok(found.steps.some(({ batchSize }) => batchSize === found.batchSize));
  const again = await onnx.tuneBatch(pathToFileURL(file), ones, { device: 'cpu', maxBatchSize: 8 });
  assert.deepEqual([again.isRemembered, again.batchSize, again.steps], [true, found.batchSize, found.steps]);
  assert.match(String(again), /^\d rows on cpu, from the cache\n/);
  writeFileSync(file, scale(2.5));
  assert.equal((await onnx.tuneBatch(file, ones, { device: 'cpu', maxBatchSize: 8 })).isRemembered, false);
});

test('what was measured is the result, also if the cache cannot be written to', async () => {
  const cache = process.env.NBSERVE_CACHE;
  process.env.NBSERVE_CACHE = join(folder, 'no-folder');
  writeFileSync(join(folder, 'no-folder'), '');
  try {
    const { steps, isRemembered } = await onnx.tuneBatch(scale(2), ones, { device: 'cpu', maxBatchSize: 2 });
    assert.deepEqual([steps.map(({ batchSize }) => batchSize), isRemembered], [[1, 2], false]);
  } finally {
    process.env.NBSERVE_CACHE = cache;
  }
});

test('the best batch is measured with one row, and several are refused', async () => {
  const two = onnx.tensor(new Float32Array(1024), [2, 512]);
  await assert.rejects(onnx.tuneBatch(scale(2), two, { device: 'cpu' }), {
    code: 'NBS_ONNX_CANNOT_BATCH',
    message: /give inputs with one row, .*; x is \[2, 512\]/,
  });
});

test('a run that finds no memory has its code, and the session goes on', async () => {
  const bytes = encodeModel({
    name: 'expand',
    inputs: [{ name: 'shape', type: 'int64', shape: [2] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['a', 'b'] }],
    nodes: [{ op: 'Expand', inputs: ['one', 'shape'], outputs: ['y'] }],
    weights: { one: onnx.tensor([1]) },
  });
  for (const runIn of ['beside', 'loop'] as const) {
    const model = await onnx.load(bytes, { device: 'cpu', runIn, name: 'expand' });
    await assert.rejects(model.run(onnx.tensor('int64', [2n ** 22n, 2n ** 22n])), {
      code: 'NBS_ONNX_OUT_OF_MEMORY',
      status: 503,
    });
    assert.equal((await model.run(onnx.tensor('int64', [2n, 3n]))).y?.data.length, 6);
    await model.dispose();
  }
});
