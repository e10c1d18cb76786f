import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeModel, type GraphSpec, load, tensor } from '../onnx/index.js';
import { mixingOf } from './mixing.js';

type Parts = Pick<GraphSpec, 'nodes'> & Partial<GraphSpec>;

/** What is found out about a model that makes `y` of `x`. */
async function mixing({ nodes, ...rest }: Parts): Promise<string | null> {
  const info = { type: 'float32' as const, shape: ['batch', 4] };
  const spec = { name: 'm', inputs: [{ name: 'x', ...info }], outputs: [{ name: 'y', ...info }], weights: {}, nodes, ...rest };
  const model = await load(encodeModel(spec), { device: 'cpu' });
  try {
    return await mixingOf(model);
  } finally {
    await model.dispose();
  }
}

test('a model that computes each row alone is batched', async () => {
  assert.equal(await mixing({ nodes: [{ op: 'Softmax', inputs: ['x'], outputs: ['y'], attributes: { axis: 1 } }] }), null);
  const info = (name: string) => ({ name, type: 'int64' as const, shape: ['batch', 3] });
  const ints = { inputs: [info('x')], outputs: [info('y')] };
  assert.equal(await mixing({ ...ints, nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }] }), null);
});

test('a model whose rows influence each other is found out', async () => {
  const softmax = await mixing({ nodes: [{ op: 'Softmax', inputs: ['x'], outputs: ['y'], attributes: { axis: 0 } }] });
  assert.equal(softmax, 'the rows of a batch influence each other in the output y');
  const sum = await mixing({
    nodes: [
      { op: 'ReduceSum', inputs: ['x', 'axes'], outputs: ['total'], attributes: { keepdims: 1 } },
      { op: 'Sub', inputs: ['x', 'total'], outputs: ['y'] },
    ],
    weights: { axes: tensor('int64', [0]) },
  });
  assert.match(String(sum), /influence each other/);
  const running = await mixing({
    nodes: [{ op: 'CumSum', inputs: ['x', 'axis'], outputs: ['y'] }],
    weights: { axis: { type: 'int64', dims: [], data: BigInt64Array.of(0n) } },
  });
  assert.match(String(running), /influence each other/);
});

test('an output without a row for each input, and a run that fails with two rows, are found out', async () => {
  const reduced = await mixing({
    nodes: [{ op: 'ReduceMax', inputs: ['x'], outputs: ['y'], attributes: { axes: [0], keepdims: 1 } }],
  });
  assert.equal(reduced, 'the output y has the shape [1, 4] for a batch of 2 rows');
  const fixed = await mixing({
    nodes: [{ op: 'Reshape', inputs: ['x', 'shape'], outputs: ['y'] }],
    weights: { shape: tensor('int64', [1, 4]) },
  });
  assert.equal(fixed, 'it computes single rows, and fails with two rows in a batch');
});

test('a model with random numbers, and one that cannot compute made-up rows, are left as they are', async () => {
  assert.equal(await mixing({ nodes: [{ op: 'RandomUniformLike', inputs: ['x'], outputs: ['y'] }] }), null);
  const three = await mixing({
    nodes: [
      { op: 'Reshape', inputs: ['x', 'shape'], outputs: ['wide'] },
      { op: 'Reshape', inputs: ['wide', 'back'], outputs: ['y'] },
    ],
    weights: { shape: tensor('int64', [5, -1]), back: tensor('int64', [-1, 4]) },
  });
  assert.equal(three, null);
});
