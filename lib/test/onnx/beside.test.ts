import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { type DataType, encodeModel, onnx, type Tensor } from 'nbserve/onnx';

import { ENDLESS, LOOP, turns } from '../fixtures/session-models.js';

const loaded = onnx.load(LOOP, { device: 'cpu', runIn: 'beside', name: 'loop' });

/** `y = -x`, which takes no time. */
const NEGATES = encodeModel({
  name: 'small',
  inputs: [{ name: 'x', type: 'float32', shape: ['n'] }],
  outputs: [{ name: 'y', type: 'float32', shape: ['n'] }],
  nodes: [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }],
  weights: {},
});

test('a signal, a timeout and a signal that came before end a run; the session goes on', async () => {
  const model = await loaded;
  assert.deepEqual([model.report.place, model.report.canEnd, model.report.runIn], ['beside', true, 'beside']);
  const stop = new AbortController();
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
    if (ticks === 20) stop.abort(new Error('enough'));
  }, 1);
  await assert.rejects(model.run(turns(ENDLESS), { signal: stop.signal }), /^Error: enough$/);
  clearInterval(timer);
  await assert.rejects(model.run(turns(ENDLESS), { timeout: '50ms' }), { code: 'NBS_ONNX_RUN_TIMEOUT', status: 504 });
  await assert.rejects(model.run(turns(ENDLESS), { signal: AbortSignal.abort() }), { name: 'AbortError' });
  const { y } = await model.run(turns(2), { signal: new AbortController().signal, timeout: 60_000 });
  assert.deepEqual([...(y?.data ?? [])], [2]);
});

test('more runs than there are places: those that wait can be ended too', async () => {
  const model = await loaded;
  const stops = Array.from({ length: 6 }, () => new AbortController());
  const runs = stops.map(({ signal }) => model.run(turns(ENDLESS), { signal }));
  for (const run of runs) run.catch(() => {});
  const file = readFile(new URL(import.meta.url));
  assert.ok((await file).length > 0, 'a file is read while runs take every place');
  for (const stop of stops.toReversed()) stop.abort();
  const ends = await Promise.allSettled(runs);
  assert.deepEqual(
    ends.map((end) => end.status === 'rejected' && (end.reason as Error).name),
    stops.map(() => 'AbortError'),
  );
  assert.deepEqual([...((await model.run(turns(1))).y?.data ?? [])], [4]);
});

const SAMPLES: { readonly [T in DataType]: readonly (number | bigint | boolean | string)[] } = {
  float32: [1.5, -2, Number.NaN, Number.POSITIVE_INFINITY],
  float64: [Math.PI, -0, 1e300, Number.NEGATIVE_INFINITY],
  float16: [1.5, -2, 65_504, 0],
  int8: [-128, 127, 0, 1],
  uint8: [0, 255, 1, 2],
  int16: [-32_768, 32_767, 0, 1],
  uint16: [0, 65_535, 1, 2],
  int32: [-(2 ** 31), 2 ** 31 - 1, 0, 1],
  uint32: [0, 2 ** 32 - 1, 1, 2],
  int64: [-(2n ** 63n), 2n ** 63n - 1n, 0n, 1n],
  uint64: [0n, 2n ** 64n - 1n, 1n, 2n],
  bool: [true, false, true, true],
  string: ['', 'grüße', '日本\u{1f600}', 'a b'],
};

for (const [type, values] of Object.entries(SAMPLES) as [DataType, (typeof SAMPLES)[DataType]][]) {
  test(`a tensor of ${type} comes back whole, beside the loop as in it`, async () => {
    const bytes = encodeModel({
      name: 'same',
      inputs: [{ name: 'x', type, shape: ['a', 'b'] }],
      outputs: [{ name: 'y', type, shape: ['a', 'b'] }],
      nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
      weights: {},
    });
    const found: Tensor[][] = [];
    for (const runIn of ['beside', 'loop'] as const) {
      const model = await onnx.load(bytes, { device: 'cpu', runIn });
      const results: Tensor[] = [];
      for (const dims of [
        [2, 2],
        [0, 2],
      ] as const) {
        const { y } = await model.run(onnx.tensor(type as 'float32', values.slice(0, dims[0] * 2) as number[], dims));
        results.push(y as Tensor);
      }
      assert.deepEqual(results[0]?.data, onnx.tensor(type as 'float32', values as number[], [2, 2]).data);
      found.push(results);
      await model.dispose();
    }
    assert.deepEqual(found[0], found[1]);
  });
}

test('the caller may change its array while a run goes on', async () => {
  const bytes = encodeModel({
    name: 'negative',
    inputs: [{ name: 'x', type: 'float32', shape: ['n'] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['n'] }],
    nodes: [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }],
    weights: {},
  });
  const model = await onnx.load(bytes, { device: 'cpu', runIn: 'beside' });
  const wanted = new Float32Array(4_000_000).fill(-1);
  for (let i = 0; i < 4; i += 1) {
    const data = new Float32Array(4_000_000).fill(1);
    const run = model.run({ x: { type: 'float32', dims: [data.length], data } });
    data.fill(9);
    structuredClone(data, { transfer: [data.buffer] });
    const found = (await run).y?.data as Float32Array;
    assert.ok(Buffer.from(found.buffer).equals(Buffer.from(wanted.buffer)));
  }
  await model.dispose();
});

for (const runIn of ['beside', 'loop', 'auto'] as const)
  test(`the caller may change its array while runs wait for their turn (${runIn})`, async () => {
    const size = 50_000;
    const bytes = encodeModel({
      name: 'negative',
      inputs: [{ name: 'x', type: 'float32', shape: ['n'] }],
      outputs: [{ name: 'y', type: 'float32', shape: ['n'] }],
      nodes: [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }],
      weights: {},
    });
    const model = await onnx.load(bytes, { device: 'cpu', runIn });
    const data = new Float32Array(size);
    const x = onnx.tensor(data, [size]);
    if (runIn === 'auto') while (model.report.place === 'beside') await model.run({ x });
    const count = 200;
    const runs: Promise<Readonly<Record<string, Tensor>>>[] = [];
    for (let i = 0; i < count; i += 1) {
      data.fill(i + 1);
      runs.push(model.run({ x }));
    }
    const found = (await Promise.all(runs)).map(({ y }) => y?.data[0]);
    assert.deepEqual(
      found,
      found.map((_, i) => -i - 1),
    );
    await model.dispose();
  });

test('dispose waits for runs that wait for a turn of the loop', async () => {
  const model = await onnx.load(NEGATES, { device: 'cpu' });
  const x = onnx.tensor(new Float32Array(50_000).fill(2));
  while (model.report.place === 'beside') await model.run(x);
  const runs = Array.from({ length: 200 }, () => model.run(x));
  let isGone = false;
  const gone = model.dispose().then(() => (isGone = true));
  for (const run of runs) assert.equal((await run).y?.data[0], -2);
  await gone;
  assert.ok(isGone);
});

test('dispose waits for the runs, and a run after it has its code', async () => {
  const model = await onnx.load(LOOP, { device: 'cpu', runIn: 'beside', name: 'loop' });
  const stop = new AbortController();
  const run = model.run(turns(ENDLESS), { signal: stop.signal });
  const gone = model.dispose();
  stop.abort();
  await assert.rejects(run, { name: 'AbortError' });
  await gone;
  await model.dispose();
  await assert.rejects(model.run(turns(1)), { code: 'NBS_ONNX_DISPOSED' });
});

test('short runs move into the loop, and a model with a Loop stays beside it', async () => {
  const model = await onnx.load(NEGATES, { device: 'cpu' });
  const looping = await onnx.load(LOOP, { device: 'cpu' });
  for (let i = 0; i < 20_000 && model.report.place === 'beside'; i += 1) await model.run(onnx.tensor([1]));
  assert.equal(model.report.place, 'loop');
  assert.deepEqual([...((await model.run(onnx.tensor([3]))).y?.data ?? [])], [-3]);
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  while (!turned) await model.run(onnx.tensor([1]));
  for (let i = 0; i < 100; i += 1) await looping.run(turns(1));
  assert.equal(looping.report.place, 'beside');
  await assert.rejects(looping.run(turns(ENDLESS), { timeout: 20 }), { code: 'NBS_ONNX_RUN_TIMEOUT' });
  await model.dispose();
  await looping.dispose();
});

test('a model whose work depends on a value stays beside the loop, and a long run of it is ended', async () => {
  const info = (name: string) => ({ name, type: 'int64', shape: [] }) as const;
  const range = encodeModel({
    name: 'range',
    inputs: [info('n')],
    outputs: [info('y')],
    nodes: [
      { op: 'Range', inputs: ['zero', 'n', 'one'], outputs: ['all'] },
      { op: 'ReduceSum', inputs: ['all'], outputs: ['y'], attributes: { keepdims: 0 } },
    ],
    weights: { zero: onnx.tensor('int64', [0n], []), one: onnx.tensor('int64', [1n], []) },
  });
  const model = await onnx.load(range, { device: 'cpu' });
  const count = (n: bigint) => onnx.tensor('int64', [n], []);
  for (let i = 0; i < 100; i += 1) assert.deepEqual((await model.run(count(10n))).y?.data, BigInt64Array.of(45n));
  assert.equal(model.report.place, 'beside');
  // 1.6 GB: the loop turns meanwhile.
  let isDone = false;
  const run = model.run(count(200_000_000n), { timeout: 20 }).finally(() => (isDone = true));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isDone, false);
  await assert.rejects(run, { code: 'NBS_ONNX_RUN_TIMEOUT' });
  await model.dispose();
});

test('a process exits during a run, with its code', async () => {
  const fixture = new URL('../fixtures/exit-during-run.js', import.meta.url).pathname;
  const child = spawn(process.execPath, [fixture], { stdio: 'inherit' });
  const code = await new Promise((resolve) => child.once('exit', (status, signal) => resolve(status ?? signal)));
  assert.equal(code, 3);
});

test('what cannot be is refused with its reason', async () => {
  await assert.rejects(onnx.load(LOOP, { device: 'cpu', runIn: 'thread' as 'loop' }), { code: 'NBS_INVALID_OPTION' });
  await assert.rejects(onnx.load(LOOP, { device: 'webgpu', runIn: 'beside' }), {
    code: 'NBS_ONNX_NOT_BESIDE',
    message: /webgpu/,
  });
  const model = await loaded;
  await assert.rejects(model.run(turns(1), { timeout: 'soon' as '1s' }), { code: 'NBS_INVALID_DURATION' });
  await assert.rejects(model.run(turns(1), { signal: {} as AbortSignal }), { code: 'NBS_INVALID_OPTION' });
  await assert.rejects(model.run(turns(1), { deadline: 1 } as object), { code: 'NBS_UNKNOWN_OPTION' });
});
