import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode, isAboutInput } from '../core/index.js';
import { InvalidTensor } from './errors.js';
import { pad } from './pad.js';
import { concat, split, stack, unstack } from './stack.js';
import { tensor, toArray } from './tensor.js';
import { argmax, softmax, topK } from './tensor-math.js';
import type { Tensor } from './types.js';

test('argmax of a row and of a tensor', () => {
  assert.equal(argmax([3, 9, 9, 1]), 1);
  assert.deepEqual(
    argmax(
      tensor([
        [1, 5, 2],
        [7, 5, 2],
      ]),
    ),
    [1, 0],
  );
  assert.deepEqual(argmax(tensor([5n, 6n])), [1]);
});

test('NaN is smaller than every number, for argmax as for topK', () => {
  const { NaN: nan, NEGATIVE_INFINITY: least, POSITIVE_INFINITY: most } = Number;
  for (const [row, order] of [
    [
      [nan, 3, 5],
      [2, 1, 0],
    ],
    [
      [3, nan, 5, nan, 5],
      [2, 4, 0, 1, 3],
    ],
    [
      [nan, least, least],
      [1, 2, 0],
    ],
    [
      [most, nan, most],
      [0, 2, 1],
    ],
    [
      [nan, nan],
      [0, 1],
    ],
  ] as const) {
    assert.deepEqual(
      topK(row, row.length).map(({ index }) => index),
      order,
    );
    assert.equal(argmax(row), order[0]);
  }
});

test('softmax sums to one and survives large logits', () => {
  const [a, b] = softmax([1000, 1000]);
  assert.deepEqual([a, b], [0.5, 0.5]);
  const rows = toArray(
    softmax(
      tensor([
        [0, Math.log(3)],
        [-1e4, 1e4],
      ]),
    ),
  );
  assert.deepEqual(
    (rows as number[][])[0]?.map((p) => Math.round(p * 1e6) / 1e6),
    [0.25, 0.75],
  );
  assert.deepEqual(
    (rows as number[][]).map((row) => Math.round(row.reduce((sum, p) => sum + p, 0) * 1e5) / 1e5),
    [1, 1],
  );
  assert.deepEqual((rows as number[][])[1], [0, 1]);
});

test('stack adds a dimension, concat joins rows; unstack and split do the reverse', () => {
  const [a, b] = [tensor([1, 2]), tensor([3, 4])];
  assert.deepEqual(
    stack([a, b]),
    tensor([
      [1, 2],
      [3, 4],
    ]),
  );
  assert.deepEqual(
    unstack(stack([a, b])).map((part) => toArray(part)),
    [
      [1, 2],
      [3, 4],
    ],
  );
  const joined = concat([tensor([[1], [2]]), tensor([[3]])]);
  assert.deepEqual(joined.dims, [3, 1]);
  assert.deepEqual(
    split(joined, [2, 1]).map((part) => toArray(part)),
    [[[1], [2]], [[3]]],
  );
  assert.deepEqual(concat([tensor(['a']), tensor(['b'])]).data, ['a', 'b']);
});

test('tensors that do not fit together are refused', () => {
  const refuses = (make: () => unknown, reason: RegExp) =>
    assert.throws(make, { code: 'NBS_ONNX_CANNOT_BATCH', message: reason });
  refuses(() => stack([]), /no tensors/);
  refuses(() => concat([tensor([[1, 2]]), tensor([[1]])]), /tensor 0 is float32\[1, 2\], tensor 1 is float32\[1, 1\]/);
  refuses(() => split(tensor([1, 2]), [1]), /cannot be split into 1 rows/);
});

test('topK gives the largest values first, and NaN last', () => {
  const indices = (row: number[], count: number) => topK(row, count).map(({ index }) => index);
  assert.deepEqual(topK([0.25, 0.75], 1), [{ index: 1, value: 0.75 }]);
  assert.deepEqual(indices([1, 3, Number.NaN, 3], 9), [1, 3, 0, 2]);
  assert.deepEqual(indices([1, 2], -1), []);
  const rows = topK(
    tensor([
      [1, 2],
      [4, 3],
    ]),
    1,
  );
  assert.deepEqual(
    rows.map((row) => row[0]?.index),
    [1, 0],
  );
});

test('a tensor that came as JSON is joined, filled up and read like one of a typed array', () => {
  const cases = [
    ['float16', [1.5, 2.5]],
    ['float32', [1.5, -2]],
    ['uint8', [255, 0]],
    ['int32', [1, -2]],
    ['int64', [1, 2]],
    ['bool', [true, false]],
    ['string', ['a', 'b']],
  ] as const;
  for (const [type, values] of cases) {
    const json = { type, dims: [2], data: values } as unknown as Tensor;
    const typed = tensor(type, values as readonly number[]) as Tensor;
    assert.deepEqual(concat([json, json]), concat([typed, typed]), type);
    assert.deepEqual(stack([json, typed], { axis: 1 }), stack([typed, typed], { axis: 1 }), type);
    assert.deepEqual(split(json, [1, 1]), split(typed, [1, 1]), type);
    assert.deepEqual(pad([json, json], { length: 3 }).values, pad([typed, typed], { length: 3 }).values, type);
    assert.deepEqual(toArray(json), toArray(typed), type);
    if (type === 'string') continue;
    assert.deepEqual([argmax(json), softmax(json)], [argmax(typed), softmax(typed)], type);
    assert.deepEqual(topK(json, 1), topK(typed, 1), type);
  }
});

test('a tensor that came as JSON with a value that its type cannot hold, or too few, is the fault of the client', () => {
  const wrong = [
    { type: 'uint8', dims: [2], data: [300, 1] },
    { type: 'int32', dims: [2], data: [1.5, 1] },
    { type: 'float32', dims: [2], data: ['1.5', null] },
    { type: 'int64', dims: [3], data: [1, 2] },
    { type: 'int64', dims: [-1, -2], data: [1, 2] },
    { type: 'int64', dims: [1e12], data: [1] },
    { type: 'number', dims: [2], data: [1, 2] },
  ] as unknown as Tensor[];
  const isOfClient = (error: unknown) => hasCode(error, InvalidTensor) && isAboutInput(error);
  for (const each of wrong) {
    assert.throws(() => concat([each, each]), isOfClient);
    assert.throws(() => stack([each]), isOfClient);
    assert.throws(() => pad([each]), isOfClient);
    assert.throws(() => toArray(each), isOfClient);
    assert.throws(() => argmax(each), isOfClient);
  }
});
