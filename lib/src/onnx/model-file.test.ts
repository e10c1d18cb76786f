import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasCode } from '../core/index.js';
import { InvalidGraph, NotAnOnnxModel } from './errors.js';
import { load } from './load.js';
import { decodeWeights, encodeModel, type GraphSpec } from './model-file.js';
import { tensor } from './tensor.js';

const SCALE: GraphSpec = {
  name: 'scale',
  inputs: [{ name: 'x', type: 'float32', shape: ['n', 2] }],
  outputs: [{ name: 'y', type: 'float32', shape: ['n', 2] }],
  nodes: [{ op: 'Mul', inputs: ['x', 'factor'], outputs: ['y'] }],
  weights: { factor: tensor(new Float32Array([0.1, -3]), [2]), unused: tensor(new BigInt64Array([-1n]), [1]) },
  metadata: { licence: 'CC0', empty: '', 'ein Name': 'Größe 数' },
};

describe('a model file', () => {
  it('runs, and gives its weights and texts back bit by bit', async () => {
    const bytes = encodeModel(SCALE);
    const model = await load(bytes, { device: 'cpu' });
    assert.deepEqual([...((await model.run(tensor([[10, 1]]))) as never as { y: { data: Float32Array } }).y.data], [1, -3]);
    await model.dispose();
    // readFile gives a Buffer, a part of a larger one.
    const { weights, metadata } = decodeWeights(Buffer.concat([Buffer.of(1), bytes]).subarray(1));
    assert.deepEqual(weights, { factor: { type: 'float32', dims: [2], data: new Float32Array([0.1, -3]) } });
    assert.deepEqual(metadata, SCALE.metadata);
  });

  it('can hold nodes of other operator sets, with lists of floats and of texts', async () => {
    const tree = encodeModel({
      name: 'tree',
      inputs: [{ name: 'x', type: 'float32', shape: ['n', 1] }],
      outputs: [{ name: 'y', type: 'float32', shape: ['n', 1] }],
      nodes: [
        {
          op: 'TreeEnsembleRegressor',
          domain: 'ai.onnx.ml',
          inputs: ['x'],
          outputs: ['y'],
          attributes: {
            n_targets: 1,
            nodes_treeids: [0, 0, 0],
            nodes_nodeids: [0, 1, 2],
            nodes_featureids: [0, 0, 0],
            nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF'],
            nodes_values: { floats: [0.5, 0, 0] },
            nodes_truenodeids: [1, 0, 0],
            nodes_falsenodeids: [2, 0, 0],
            target_treeids: [0, 0],
            target_nodeids: [1, 2],
            target_ids: [0, 0],
            target_weights: { floats: [-1, 2] },
          },
        },
      ],
      weights: {},
      domains: { 'ai.onnx.ml': 3 },
    });
    const model = await load(tree, { device: 'cpu', outputs: { y: 'float32' } });
    assert.deepEqual([...(await model.run(tensor([[0.2], [0.7]]))).y.data], [-1, 2]);
    await model.dispose();
  });

  it('is never half read: if it is cut anywhere, it is refused or ends between two parts', () => {
    const bytes = encodeModel(SCALE);
    for (let length = 0; length < bytes.length; length += 1) {
      try {
        const { weights } = decodeWeights(bytes.subarray(0, length));
        if (weights.factor !== undefined) assert.equal(weights.factor.data.length, 2);
      } catch (error) {
        assert.ok(hasCode(error, NotAnOnnxModel), String(error));
      }
    }
  });

  it('holds no texts as weights', () => {
    const weights = { names: tensor(['a', 'b']) };
    assert.throws(
      () => encodeModel({ ...SCALE, weights }),
      (error) => hasCode(error, InvalidGraph),
    );
  });
});
