import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reshape, tensor, toArray } from './tensor.js';
import type { Tensor } from './types.js';

test('a typed array is used as it is, its kind is the type', () => {
  const data = new Float32Array([1, 2, 3, 4]);
  const made: Tensor<'float32'> = tensor(data, [2, 2]);
  assert.deepEqual([made.type, made.dims], ['float32', [2, 2]]);
  assert.equal(made.data, data);
  assert.equal(tensor(Buffer.from([1, 2])).type, 'uint8');
  assert.equal(tensor(new BigInt64Array(2)).type, 'int64');
});

test('nested arrays give dims and type', () => {
  assert.deepEqual(
    tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]),
    { type: 'float32', dims: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  );
  assert.deepEqual(tensor([1n, 2n]).data, BigInt64Array.of(1n, 2n));
  assert.deepEqual(tensor([true, false]), { type: 'bool', dims: [2], data: Uint8Array.of(1, 0) });
  assert.deepEqual(tensor(['a', 'b']), { type: 'string', dims: [2], data: ['a', 'b'] });
  assert.deepEqual(tensor('int64', [[1, 2]]), { type: 'int64', dims: [1, 2], data: BigInt64Array.of(1n, 2n) });
  assert.deepEqual(tensor([1, 2, 3, 4], [2, -1]).dims, [2, 2]);
  assert.deepEqual(tensor([]).dims, [0]);
});

test('toArray gives back what tensor took', () => {
  const rows = [
    [
      [1, 2],
      [3, 4],
    ],
    [
      [5, 6],
      [7, 8],
    ],
  ];
  assert.deepEqual(toArray(tensor(rows)), rows);
  assert.deepEqual(toArray(tensor([[true], [false]])), [[true], [false]]);
  assert.equal(toArray(tensor([7], [])), 7);
  assert.deepEqual(toArray(tensor(new Float32Array(0), [2, 0])), [[], []]);
});

test('what is no tensor is refused with a reason', () => {
  const refuses = (make: () => unknown, reason: RegExp) =>
    assert.throws(make, { code: 'NBS_ONNX_INVALID_TENSOR', message: reason });
  refuses(() => tensor([[1, 2], [3]]), /rows differ in length/);
  refuses(() => tensor([[1, 2], 3 as unknown as number[]]), /rows differ in length/);
  refuses(() => tensor([1, 'x'] as unknown as number[]), /element 1 is of type string/);
  refuses(() => tensor([1, null] as unknown as number[]), /element 1 is null/);
  refuses(() => tensor(new Float32Array(3), [2, 2]), /3 values do not fill/);
  refuses(() => reshape(tensor([1, 2, 3]), [2, -1]), /3 values do not fill/);
  refuses(() => tensor('float' as 'float32', [1]), /the types are float32/);
});
