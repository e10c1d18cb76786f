import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutOfMemory } from './errors.js';
import { tensor } from './tensor.js';
import { chooseBatch, measure, tuneBatch } from './tune-batch.js';
import type { Feeds } from './types.js';

const steps = (...rates: number[]) =>
  rates.map((rowsPerSecond, i) => ({ batchSize: 2 ** i, ms: (2 ** i * 1000) / rowsPerSecond, rowsPerSecond }));

test('the smallest batch near the best rate is chosen', () => {
  assert.equal(chooseBatch(steps(100, 180, 300, 310, 305), Number.POSITIVE_INFINITY), 4);
  assert.equal(chooseBatch(steps(100), Number.POSITIVE_INFINITY), 1);
});

test('a batch that takes too long is not, and if all do it is one row', () => {
  assert.equal(chooseBatch(steps(100, 180, 300, 400), 13), 2);
  assert.equal(chooseBatch(steps(100, 180), 5), 1);
});

test('the largest batch is tried, also if it is no power of two', async () => {
  // A rate that grows: each run takes the same time.
  const model = { run: () => new Promise<Record<string, never>>((resolve) => setTimeout(resolve, 2, {})) };
  for (const [most, sizes] of [
    [1, [1]],
    [4, [1, 2, 4]],
    [11, [1, 2, 4, 8, 11]],
  ] as const)
    assert.deepEqual(
      (await measure(model, { x: tensor([[1]]) }, most)).steps.map(({ batchSize }) => batchSize),
      sizes,
    );
});

test('options that make no sense are refused', async () => {
  for (const options of [{ maxBatchSize: 0 }, { maxBatchSize: Number.NaN }, { maxBatchSize: 2.5 }, { maxLatencyMs: 0 }])
    await assert.rejects(tuneBatch('no-such.onnx', tensor([[1]]), options), { code: 'NBS_INVALID_OPTION' });
});

test('if memory runs out, what was measured before is the result; another failure is one', async () => {
  const until = (limit: number, error: () => unknown) =>
    measure(
      {
        run: async (feeds) => {
          if (((feeds as Feeds).x?.dims[0] ?? 0) > limit) throw error();
          // A rate that grows: each run takes the same time.
          await new Promise((resolve) => setTimeout(resolve, 2));
          return {};
        },
      },
      { x: tensor([[1]]) },
      8,
    );
  const noMemory = () => OutOfMemory({ name: 'm', device: 'cuda', reason: 'none' });
  const { steps, isWhole } = await until(4, noMemory);
  assert.deepEqual([steps.map(({ batchSize }) => batchSize), isWhole], [[1, 2, 4], false]);
  await assert.rejects(until(0, noMemory), { code: 'NBS_ONNX_OUT_OF_MEMORY' });
  await assert.rejects(
    until(2, () => new Error('other')),
    /other/,
  );
});
