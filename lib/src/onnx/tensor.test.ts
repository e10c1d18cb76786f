import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reshape, tensor, toArray } from './tensor.js';
import type { Tensor } from './types.js';

test('a typed array is not copied, and its type is the tensor’s', () => {
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

test('toArray returns what tensor was made from', () => {
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

test('values that are not a tensor are refused with a reason', () => {
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

test('a value that a type cannot hold is refused, and the error names its place', () => {
  const refuses = (make: () => unknown, reason: RegExp) =>
    assert.throws(make, { code: 'NBS_ONNX_INVALID_TENSOR', message: reason });
  const rows = (value: unknown) =>
    [
      [0, 1],
      [1, value],
    ] as number[][];
  for (const [type, value] of [
    ['uint8', 300],
    ['uint8', -1],
    ['uint8', 1.5],
    ['int8', 128],
    ['int16', -32_769],
    ['uint16', 65_536],
    ['int32', 1.5],
    ['int32', 2 ** 31],
    ['uint32', -1],
    ['uint32', 2 ** 32],
    ['int32', Number.NaN],
    ['uint8', Number.POSITIVE_INFINITY],
    ['int64', 2 ** 53],
    ['int64', Number.NaN],
    ['int64', 0.5],
    ['uint64', -1],
    ['int64', 2n ** 63n],
    ['uint64', 2n ** 64n],
    ['uint64', -1n],
    ['int32', 2n ** 40n],
    ['bool', 2],
    ['bool', Number.NaN],
    ['bool', 2n],
    ['float32', 2 ** 128],
    ['float16', 65_520],
    ['float32', 2n ** 200n],
  ] as const) {
    refuses(
      () => tensor(type, rows(value)),
      new RegExp(`element \\[1\\]\\[1\\] is ${String(value).replace('+', '\\+')}, which ${type} cannot hold`),
    );
  }
  refuses(() => tensor('int64', [2 ** 53]), /give integers beyond 2\^53 as bigints/);
  refuses(() => tensor('uint8', Float32Array.of(0, 300)), /element 1 is 300/);
  refuses(() => tensor('uint64', BigInt64Array.of(-1n)), /element 0 is -1/);
  refuses(() => tensor('bool', Uint8Array.of(0, 2)), /element 1 is 2, which bool cannot hold/);
  refuses(() => tensor('string', [1 as unknown as string]), /is of type number/);
  refuses(() => tensor('int32', [{} as unknown as number]), /is of type object/);
});

test('values that fit are kept: bounds, infinities, booleans as numbers, numbers as float16', () => {
  assert.deepEqual([...tensor('uint8', [0, 255]).data], [0, 255]);
  assert.deepEqual([...tensor('int32', [-(2 ** 31), true, 5n]).data], [-(2 ** 31), 1, 5]);
  assert.deepEqual([...tensor('uint64', [2n ** 64n - 1n, 2 ** 53 - 1]).data], [2n ** 64n - 1n, 2n ** 53n - 1n]);
  assert.deepEqual(
    [...tensor('float32', [Number.POSITIVE_INFINITY, Number.NaN, 0.1]).data],
    [Number.POSITIVE_INFINITY, Number.NaN, Math.fround(0.1)],
  );
  assert.deepEqual([...tensor('bool', [true, 0, 1n]).data], [1, 0, 1]);
  assert.deepEqual(tensor('float16', [1.5, 2.5]).data, Uint16Array.of(0x3e00, 0x4100));
  assert.deepEqual(tensor('float16', Uint16Array.of(1)).data, Uint16Array.of(1));
  assert.deepEqual(toArray(tensor('float16', [[1.5], [-2]])), [[1.5], [-2]]);
});

test('a text with the character U+0000 is refused, because the runtime would cut it', () => {
  assert.throws(() => tensor([['a', 'b\0c']]), {
    code: 'NBS_ONNX_INVALID_TENSOR',
    message: /element \[0\]\[1\] contains the character U\+0000/,
  });
});
