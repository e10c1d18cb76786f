import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAboutInput } from '../core/index.js';
import { runInBatches } from './batch.js';
import { checkFeeds, toFeeds } from './feeds.js';
import { tensor } from './tensor.js';
import type { Feeds, Tensor, TensorInfo } from './types.js';

const image: TensorInfo = { name: 'image', type: 'float32', shape: ['batch', 1, 2, 2] };
const mask: TensorInfo = { name: 'mask', type: 'int64', shape: ['batch'] };
const ok = (rows: number) => ({
  image: tensor(new Float32Array(rows * 4), [rows, 1, 2, 2]),
  mask: tensor(new BigInt64Array(rows)),
});

test('right feeds are accepted, and a single tensor is the value of the only input', () => {
  checkFeeds([image, mask], ok(3));
  const one = tensor(new Float32Array(4), [1, 1, 2, 2]);
  assert.deepEqual(toFeeds([image], one), { image: one });
});

test('each wrong feed has its code and says what would be valid', () => {
  const refuses = (feeds: unknown, code: string, message: RegExp) =>
    assert.throws(() => checkFeeds([image, mask], toFeeds([image, mask], feeds as Feeds)), { code, message });
  refuses(
    { ...ok(1), img: ok(1).image },
    'NBS_ONNX_UNKNOWN_INPUT',
    /no input img; its inputs are image: float32\[batch, 1, 2, 2\], mask: int64\[batch\]/,
  );
  refuses({ image: ok(1).image }, 'NBS_ONNX_MISSING_INPUT', /input mask is missing/);
  refuses({ ...ok(1), mask: tensor([1]) }, 'NBS_ONNX_WRONG_TYPE', /mask must be int64\[batch\], got float32\[1\]/);
  refuses(
    { ...ok(1), image: tensor(new Float32Array(8), [1, 2, 2, 2]) },
    'NBS_ONNX_WRONG_SHAPE',
    /shape \[batch, 1, 2, 2\], got \[1, 2, 2, 2\]/,
  );
  refuses({ ...ok(1), image: tensor(new Float32Array(4), [1, 2, 2]) }, 'NBS_ONNX_WRONG_SHAPE', /onnx\.stack/);
  refuses({ ...ok(2), mask: ok(3).mask }, 'NBS_ONNX_WRONG_SHAPE', /batch is 2 in input image/);
  refuses({ ...ok(1), image: [[1]] }, 'NBS_ONNX_INVALID_TENSOR', /input image is an array; make one with onnx\.tensor/);
  refuses(
    { ...ok(1), image: { ...ok(1).image, dims: [2, 1, 2, 2] } },
    'NBS_ONNX_INVALID_TENSOR',
    /has 4 values, its dimensions \[2, 1, 2, 2\] need 8/,
  );
  refuses(null, 'NBS_ONNX_INVALID_TENSOR', /got null/);
  refuses(new Float32Array(4), 'NBS_ONNX_INVALID_TENSOR', /got a Float32Array/);
});

test('a tensor that code has made wrong is not an error about the input, and one of JSON is', () => {
  const about = (data: unknown, dims: number[]): boolean => {
    const tensors = { ...ok(1), image: { type: 'float32', dims, data } };
    try {
      checkFeeds([image, mask], tensors as never);
    } catch (error) {
      return isAboutInput(error);
    }
    return assert.fail('it is not refused');
  };
  assert.equal(about(new Float64Array(4), [1, 1, 2, 2]), false);
  assert.equal(about(new Float32Array(4), [1, 1, 2, 3]), false);
  assert.equal(about(new Float32Array(4), [1, 1, 2, 2.5]), false);
  assert.equal(about([1, 2, 3, 4], [1, 1, 2, 3]), true);
});

test('code that fixes all dimensions but one leaves that one to the data, also if there is one value', () => {
  const model: TensorInfo[] = [{ name: 'x', type: 'float32', shape: ['n', 3] }];
  for (const values of [[1], [1, 2]]) {
    const given = tensor('float32', values as never, [1, values.length]);
    assert.throws(
      () => checkFeeds(model, { x: given }),
      (error) => isAboutInput(error),
      String(values),
    );
  }
});

test('a batch is cut into runs of at most maxBatchSize rows, in order', async () => {
  const runs: number[] = [];
  const model = {
    inputs: [{ name: 'x', type: 'float32', shape: ['n', 1] } as TensorInfo],
    outputs: [{ name: 'y', type: 'float32', shape: ['n', 1] } as TensorInfo],
    run: (feeds: Feeds) => {
      const x = feeds.x as ReturnType<typeof ok>['image'];
      runs.push(x.dims[0] as number);
      return Promise.resolve({ y: { ...x, data: x.data.map((value) => value * 10) } });
    },
  };
  const feeds = [[1], [2, 3], [4], [5]].map((rows) => ({ x: tensor(rows, [rows.length, 1]) }));
  const results = await runInBatches(model, feeds, 2);
  assert.deepEqual(runs, [1, 2, 2]);
  assert.deepEqual(
    results.map(({ y }) => [...(y as ReturnType<typeof ok>['image']).data]),
    [[10], [20, 30], [40], [50]],
  );
  assert.deepEqual(await runInBatches(model, [], 2), []);
  const fixed = { ...model, inputs: [{ name: 'x', type: 'float32', shape: [1, 1] } as TensorInfo] };
  await assert.rejects(runInBatches(fixed, feeds, 2), { code: 'NBS_ONNX_CANNOT_BATCH' });
});

test('tensors of two requests that came as JSON are one run, as each would be alone', async () => {
  const seen: Tensor[] = [];
  const infos: TensorInfo[] = [{ name: 'input_ids', type: 'int64', shape: ['n', 2] }];
  const run = async ({ input_ids: ids }: Feeds) => {
    seen.push(ids as Tensor);
    return { input_ids: ids as Tensor };
  };
  const feeds = [[[1, 2]], [[3, 4]]].map((rows) => ({
    input_ids: { type: 'int64', dims: [1, 2], data: rows.flat() } as unknown as Tensor,
  }));
  const results = await runInBatches({ inputs: infos, outputs: infos, run }, feeds, 8);
  assert.deepEqual(seen, [
    tensor('int64', [
      [1, 2],
      [3, 4],
    ]),
  ]);
  assert.deepEqual(
    results.map((each) => each.input_ids?.data),
    [BigInt64Array.of(1n, 2n), BigInt64Array.of(3n, 4n)],
  );
});
