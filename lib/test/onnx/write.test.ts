import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeModel, onnx } from 'nbserve/onnx';

test('ONNX Runtime can run a model that ci/datasets writes', async () => {
  const bytes = encodeModel({
    name: 'scale',
    inputs: [
      { name: 'x', type: 'float32', shape: ['rows', 2] },
      { name: 'order', type: 'int64', shape: [2] },
    ],
    outputs: [
      { name: 'y', type: 'float32', shape: ['rows', 2] },
      { name: 'total', type: 'float32', shape: ['rows'] },
    ],
    nodes: [
      { op: 'LeakyRelu', inputs: ['x'], outputs: ['r'], attributes: { alpha: { float: 0.5 } } },
      { op: 'Gemm', inputs: ['r', 'w', 'b'], outputs: ['g'], attributes: { alpha: { float: 2 }, transB: 1 } },
      { op: 'Gather', inputs: ['g', 'order'], outputs: ['y'], attributes: { axis: -1 } },
      { op: 'ReduceSum', inputs: ['y', 'axes'], outputs: ['total'], attributes: { keepdims: 0 } },
    ],
    weights: {
      w: onnx.tensor([
        [1, 0],
        [0, 10],
      ]),
      b: onnx.tensor([1, 2]),
      axes: onnx.tensor('int64', [1]),
    },
  });
  const model = await onnx.load(bytes, { device: 'cpu', name: 'scale' });
  const { y, total } = await model.run({
    x: onnx.tensor([
      [1, 2],
      [-4, 0],
    ]),
    order: onnx.tensor('int64', [1, 0]),
  });
  assert.deepEqual(onnx.toArray(y as NonNullable<typeof y>), [
    [42, 3],
    [2, -3],
  ]);
  assert.deepEqual([...(total?.data ?? [])], [45, -1]);
  await assert.rejects(model.runBatch([{ x: onnx.tensor([[1, 2]]), order: onnx.tensor('int64', [1, 0]) }]), {
    code: 'NBS_ONNX_CANNOT_BATCH',
    message: /order: int64\[2\] is not free/,
  });
  await model.dispose();
});

test('a failure inside the model has its code', async () => {
  const bytes = encodeModel({
    name: 'lookup',
    inputs: [{ name: 'at', type: 'int64', shape: ['n'] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['n'] }],
    nodes: [{ op: 'Gather', inputs: ['w', 'at'], outputs: ['y'] }],
    weights: { w: onnx.tensor([1, 2]) },
  });
  const model = await onnx.load(bytes, { device: 'cpu', name: 'lookup' });
  await assert.rejects(model.run(onnx.tensor('int64', [5])), {
    code: 'NBS_ONNX_RUN_FAILED',
    status: 500,
    message: /the model lookup failed on cpu: /,
  });
  await model.dispose();
});

test('an operator that does not exist is refused with its name', async () => {
  const info = { name: 'x', type: 'float32', shape: ['n'] } as const;
  const bytes = encodeModel({
    name: 'x',
    inputs: [info],
    outputs: [{ ...info, name: 'y' }],
    nodes: [{ op: 'Fly', inputs: ['x'], outputs: ['y'] }],
    weights: {},
  });
  await assert.rejects(onnx.load(bytes, { device: 'cpu' }), { code: /NBS_ONNX_/, message: /Fly/ });
});
