import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, split, stack, unstack } from './stack.js';
import { tensor, toArray } from './tensor.js';
import { argmax, softmax, topK } from './tensor-math.js';

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
