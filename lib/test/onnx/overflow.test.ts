import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onnx } from 'nbserve/onnx';

const EXPAND = onnx.encodeModel({
  name: 'expand',
  inputs: [{ name: 'shape', type: 'int64', shape: ['rank'] }],
  outputs: [{ name: 'y', type: 'float32', shape: ['a', 'b'] }],
  nodes: [{ op: 'Expand', inputs: ['one', 'shape'], outputs: ['y'] }],
  weights: { one: onnx.tensor('float32', [1]) },
});
const shape = (...dims: readonly number[]) => ({
  shape: onnx.tensor('int64', dims.map(BigInt), [dims.length]),
});

for (const runIn of ['loop', 'beside', 'auto'] as const)
  test(`a run that asks for more memory than a number can say does not break the model for later runs (${runIn})`, async () => {
    const model = await onnx.load(EXPAND, { device: 'cpu', runIn });
    for (let round = 0; round < 2; round += 1) {
      await assert.rejects(model.run(shape(2 ** 32, 1e9)), { code: 'NBS_ONNX_RUN_FAILED' });
      const sizes = [2, 1000, 300].map(async (size) => (await model.run(shape(size, size))).y?.data.length);
      assert.deepEqual(await Promise.all(sizes), [4, 1_000_000, 90_000]);
    }
    await Promise.all([assert.rejects(model.run(shape(2 ** 32, 1e9))), model.dispose()]);
  });

for (const runIn of ['loop', 'beside', 'auto'] as const)
  test(`runs at the same time as one that asks for too much memory give their results (${runIn})`, async () => {
    const model = await onnx.load(EXPAND, { device: 'cpu', runIn });
    for (let round = 0; round < 3; round += 1) {
      const good = (size: number) => model.run(shape(size, size)).then(({ y }) => y?.data.length);
      const before = [2, 1500].map(good);
      const bad = [1, 2].map(() => assert.rejects(model.run(shape(2 ** 32, 1e9)), { code: 'NBS_ONNX_RUN_FAILED' }));
      const behind = [1000, 300, 2000].map(good);
      assert.deepEqual(await Promise.all([...before, ...behind]), [4, 2_250_000, 1_000_000, 90_000, 4_000_000]);
      await Promise.all(bad);
    }
    await model.dispose();
  });

for (const runIn of ['loop', 'beside', 'auto'] as const)
  test(`a run that is made once more has the inputs that it was given, and not what its array holds since (${runIn})`, async () => {
    const model = await onnx.load(EXPAND, { device: 'cpu', runIn });
    for (let round = 0; round < 3; round += 1) {
      const data = new BigInt64Array(2);
      const shapes = { shape: onnx.tensor('int64', data, [2]) };
      const run = (...dims: readonly number[]) => {
        data.set(dims.map(BigInt));
        return model.run(shapes).then(({ y }) => y?.data.length);
      };
      const bad = [1, 2].map(() => assert.rejects(run(2 ** 32, 1e9), { code: 'NBS_ONNX_RUN_FAILED' }));
      const good = [1000, 300, 2000].map((size) => run(size, size));
      data.fill(7n);
      assert.deepEqual(await Promise.all(good), [1_000_000, 90_000, 4_000_000]);
      await Promise.all(bad);
    }
    await model.dispose();
  });
