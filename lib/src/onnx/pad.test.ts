import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runInBatches } from './batch.js';
import { bucketByLength, pad, unpad } from './pad.js';
import { concat, split, stack, unstack } from './stack.js';
import { tensor, toArray } from './tensor.js';
import type { Feeds, Results, Tensor } from './types.js';

const anyShape = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 });
/** Numbers from 1 on, so that each element can be told from what was filled up. */
const counted = (dims: readonly number[], from = 1): Tensor<'float32'> => {
  const size = dims.reduce((product, dim) => product * dim, 1);
  return { type: 'float32', dims, data: Float32Array.from({ length: size }, (_, at) => from + at) };
};

test('rows of different lengths become one tensor with a mask, at both sides', () => {
  const rows = [tensor([1, 2, 3]), tensor([4])];
  const right = pad(rows, { value: -1 });
  assert.deepEqual(toArray(right.values), [
    [1, 2, 3],
    [4, -1, -1],
  ]);
  assert.deepEqual(toArray(right.mask), [
    [1n, 1n, 1n],
    [1n, 0n, 0n],
  ]);
  const left = pad(rows, { side: 'left', multipleOf: 4 });
  assert.deepEqual(toArray(left.values), [
    [0, 1, 2, 3],
    [0, 0, 0, 4],
  ]);
  assert.deepEqual(toArray(left.mask), [
    [0n, 1n, 1n, 1n],
    [0n, 0n, 0n, 1n],
  ]);
  assert.deepEqual(toArray(pad([tensor(['a', 'b']), tensor(['c'])]).values), [
    ['a', 'b'],
    ['c', ''],
  ]);
  const half = pad([tensor('float16', [1, 2]), tensor('float16', [3])], { value: 1 });
  assert.deepEqual([...half.values.data], [0x3c00, 0x4000, 0x4200, 0x3c00]);
});

test('unpad undoes pad, whatever the shape, the axis and the side', () => {
  const cases = anyShape.chain((dims) =>
    fc.record({
      dims: fc.constant(dims),
      axis: fc.integer({ min: -dims.length, max: dims.length - 1 }),
      lengths: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
      side: fc.constantFrom('left' as const, 'right' as const),
      multipleOf: fc.integer({ min: 1, max: 4 }),
    }),
  );
  fc.assert(
    fc.property(cases, ({ dims, axis, lengths, side, multipleOf }) => {
      const rows = lengths.map((length, row) => counted(dims.with(axis, length), 1 + 1000 * row));
      const padded = pad(rows, { axis, side, multipleOf });
      assert.deepEqual(padded.lengths, lengths);
      assert.equal((padded.mask.dims[1] as number) % multipleOf, 0);
      assert.deepEqual(unpad(padded.values, padded.lengths, { axis, side }), rows);
      const ones = [...padded.mask.data].filter((each) => each === 1n).length;
      assert.equal(
        ones,
        lengths.reduce((sum, length) => sum + length, 0),
      );
      assert.equal(
        padded.values.data.filter((each) => each !== 0).length,
        rows.reduce((sum, { data }) => sum + data.length, 0),
      );
    }),
  );
});

test('what cannot be padded or cut is refused', () => {
  const [long, short] = [counted([3, 2]), counted([2, 3])];
  for (const work of [
    () => pad([]),
    () => pad([long, short]),
    () => pad([long, tensor('int64', [1])] as Tensor[]),
    () => pad([long], { length: 2 }),
    () => pad([{ type: 'float32', dims: [], data: Float32Array.of(1) }]),
    () => pad([long], { axis: 2 }),
    () => unpad(long, [1, 1]),
    () => unpad(long, [3, 1, 1]),
    () => unpad(long, [-1, 1, 1]),
  ])
    assert.throws(work, { code: 'NBS_ONNX_CANNOT_BATCH' });
  for (const work of [
    () => pad([long], { multipleOf: 0 }),
    () => pad([long], { length: 1.5 }),
    () => pad([long], { side: 'top' as 'left' }),
    () => bucketByLength([1], { maxBatchSize: 0 }),
    () => bucketByLength([1], { maxBatchSize: 1, maxPadding: 2 }),
  ])
    assert.throws(work, { code: 'NBS_INVALID_OPTION' });
  assert.throws(() => pad([tensor('uint8', [1])], { value: 300 }), { code: 'NBS_ONNX_INVALID_TENSOR' });
});

test('each row is in one bucket, and no bucket is larger or has more filling than allowed', () => {
  assert.deepEqual(bucketByLength([9, 2, 10, 2], { maxBatchSize: 8 }), [
    [1, 3],
    [0, 2],
  ]);
  assert.deepEqual(bucketByLength([], { maxBatchSize: 8 }), []);
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 50 })),
      fc.integer({ min: 1, max: 6 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (lengths, maxBatchSize, maxPadding) => {
        const batches = bucketByLength(lengths, { maxBatchSize, maxPadding });
        assert.deepEqual(
          batches.flat().sort((a, b) => a - b),
          [...lengths.keys()],
        );
        for (const batch of batches) {
          const own = batch.map((place) => lengths[place] as number);
          const all = Math.max(...own) * own.length;
          assert.ok(batch.length <= maxBatchSize);
          assert.ok(all - own.reduce((sum, length) => sum + length, 0) <= maxPadding * all);
        }
      },
    ),
  );
});

test('tensors are joined along any dimension, and split again', () => {
  const cases = anyShape.chain((dims) =>
    fc.tuple(
      fc.constant(dims),
      fc.integer({ min: -dims.length, max: dims.length - 1 }),
      fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 4 }),
    ),
  );
  fc.assert(
    fc.property(cases, ([dims, axis, counts]) => {
      const parts = counts.map((count, at) => counted(dims.with(axis, count), 1 + 1000 * at));
      const whole = concat(parts, { axis });
      assert.equal(
        whole.dims.at(axis),
        counts.reduce((sum, count) => sum + count, 0),
      );
      assert.deepEqual(split(whole, counts, { axis }), parts);
    }),
  );
  const [a, b] = [
    tensor([
      [1, 2],
      [3, 4],
    ]),
    tensor([
      [5, 6],
      [7, 8],
    ]),
  ];
  assert.deepEqual(toArray(stack([a, b], { axis: 1 })), [
    [
      [1, 2],
      [5, 6],
    ],
    [
      [3, 4],
      [7, 8],
    ],
  ]);
  assert.deepEqual(toArray(stack([a, b], { axis: -1 })), [
    [
      [1, 5],
      [2, 6],
    ],
    [
      [3, 7],
      [4, 8],
    ],
  ]);
  assert.deepEqual(unstack(stack([a, b], { axis: -1 }), { axis: -1 }), [a, b]);
  assert.throws(() => stack([a, b], { axis: 3 }), { code: 'NBS_ONNX_CANNOT_BATCH' });
  assert.throws(() => concat([a, b], { axis: 0.5 }), { code: 'NBS_ONNX_CANNOT_BATCH' });
});

test('a model with a state is run in batches, though the batch of the state is its second dimension', async () => {
  const shapes = { x: ['n', 2], state: [3, 'n', 2] } as const;
  const runs: Feeds[] = [];
  const model = {
    inputs: Object.entries(shapes).map(([name, shape]) => ({ name, type: 'float32' as const, shape })),
    outputs: [
      { name: 'y', type: 'float32' as const, shape: ['n', 2] },
      { name: 'new_state', type: 'float32' as const, shape: [3, 'n', 2] },
    ],
    run: async ({ x, state }: Feeds): Promise<Results> => {
      runs.push({ x: x as Tensor, state: state as Tensor });
      return { y: x as Tensor, new_state: state as Tensor };
    },
  };
  const feeds = [0, 1, 2].map((at) => ({ x: counted([1, 2], 10 * at), state: counted([3, 1, 2], 100 * at) }));
  const axes = { state: 1, new_state: 1 };
  const results = await runInBatches(model, feeds, 8, axes);
  assert.deepEqual(
    results,
    feeds.map(({ x, state }) => ({ y: x, new_state: state })),
  );
  assert.deepEqual(
    runs.map(({ x, state }) => [x?.dims, state?.dims]),
    [
      [
        [3, 2],
        [3, 3, 2],
      ],
    ],
  );
  await assert.rejects(runInBatches(model, feeds, 8), { code: 'NBS_ONNX_CANNOT_BATCH', message: /state.*not free/ });
  await assert.rejects(runInBatches(model, feeds, 8, { ...axes, sate: 1 }), {
    code: 'NBS_ONNX_CANNOT_BATCH',
    message: /no input or output/,
  });
});
