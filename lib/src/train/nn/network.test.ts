import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tensor } from '../../onnx/index.js';
import type { Layer } from './layers.js';
import { Network } from './network.js';
import * as nn from './nn.js';
import { Adam, Sgd } from './optimizer.js';

const options = { inputShape: [3], device: 'cpu', threads: 1 } as const;
const labels = (...data: number[]) => ({ type: 'int32', dims: [data.length], data: Int32Array.from(data) }) as const;

describe('a network', () => {
  it('learns numbers with the mean squared error', async () => {
    const network = new Network(nn.sequential(nn.linear(3, 8), nn.relu(), nn.linear(8, 1)), {
      ...options,
      loss: 'meanSquaredError',
      seed: 1,
    });
    const x = tensor(
      Float32Array.from({ length: 60 }, (_, i) => Math.sin(i * 1.7)),
      [20, 3],
    );
    const y = tensor(
      Float32Array.from({ length: 20 }, (_, i) => (x.data[3 * i] as number) - 2 * (x.data[3 * i + 1] as number)),
      [20, 1],
    );
    const optimizer = new Adam(network, { lr: 0.02 });
    const first = await network.backward(x, y);
    for (let i = 0; i < 300; i += 1) {
      optimizer.step();
      await network.backward(x, y);
    }
    const last = await network.backward(x, y);
    assert.ok(last < first / 100, `${last} after ${first}`);
    await network.dispose();
    assert.equal(await network.backward(x, y), last, 'after dispose it loads its graph again');
    await network.dispose();
  });

  it('tries again to load a graph that could not be loaded, and has nothing to free then', async () => {
    const network = new Network(nn.linear(3, 2), { ...options, device: 'nowhere' as never });
    const batch = () => network.predict(tensor(new Float32Array(3), [1, 3])).catch((error: unknown) => error);
    const first = await batch();
    assert.ok(first instanceof Error);
    assert.notEqual(await batch(), first);
    const last = batch();
    await network.dispose();
    assert.ok((await last) instanceof Error);
  });

  it('begins with the same weights for the same seed, and leaves those of other layers alone if one is added', () => {
    const small = new Network(nn.sequential(nn.linear(3, 4)), { ...options, seed: 7 });
    const same = new Network(nn.sequential(nn.linear(3, 4)), { ...options, seed: 7 });
    const other = new Network(nn.sequential(nn.linear(3, 4)), { ...options, seed: 8 });
    const longer = new Network(nn.sequential(nn.linear(3, 4), nn.linear(4, 2)), { ...options, seed: 7 });
    assert.deepEqual(small.parameters.values, same.parameters.values);
    assert.notDeepEqual(small.parameters.values, other.parameters.values);
    assert.deepEqual(small.parameters.tensor('0.weight'), longer.parameters.tensor('0.weight'));
    const bound = 1 / Math.sqrt(3);
    assert.ok(small.parameters.values.every((value) => Math.abs(value) <= bound));
  });

  it('has the names and sizes of torchvision in ResNet-18', () => {
    const { parameters, buffers } = new Network(nn.resnet18({ inChannels: 1, numClasses: 10 }), {
      ...options,
      inputShape: [1, 28, 28],
    });
    assert.equal(parameters.values.length, 11_175_370);
    assert.deepEqual(parameters.tensor('conv1.weight').dims, [64, 1, 7, 7]);
    assert.deepEqual(parameters.tensor('layer4.0.downsample.0.weight').dims, [512, 256, 1, 1]);
    assert.ok(buffers.names.includes('layer3.1.bn2.running_var'));
  });

  it('drops out the asked share in training, other values in each step, and none in evaluation', async () => {
    const wide = { ...options, inputShape: [2000], loss: 'meanSquaredError' } as const;
    const layers = nn.sequential(nn.dropout(0.25), nn.linear(2000, 1, { bias: false }));
    const network = new Network(layers, wide);
    const x = tensor(new Float32Array(2000).fill(1), [1, 2000]);
    const y = tensor(new Float32Array([100]), [1, 1]);
    const dropped = async () => {
      await network.backward(x, y);
      // The gradient of a weight is 0 if its input was dropped.
      return network.gradients.values.map((value) => (value === 0 ? 1 : 0));
    };
    const [first, second] = [await dropped(), await dropped()];
    for (const each of [first, second]) assert.ok(Math.abs(each.reduce((sum, one) => sum + one, 0) - 500) < 100);
    assert.notDeepEqual(first, second);
    assert.deepEqual(await network.predict(x), await network.predict(x));
    await network.dispose();
  });

  it('says which layer does not fit', () => {
    const refused = (layer: Layer, inputShape: number[], message: RegExp) =>
      assert.throws(() => new Network(layer, { ...options, inputShape }), { code: 'NBS_TRAIN_LAYER_MISMATCH', message });
    refused(
      nn.sequential(nn.conv2d(1, 2, 3), nn.linear(8, 2)),
      [1, 4, 4],
      /layer 1 \(linear\) takes \[n, 8\], so put nn\.flatten\(\) before it, but it gets \[n, 2, 2, 2\]/,
    );
    refused(nn.sequential({ first: nn.conv2d(3, 2, 3) }), [1, 4, 4], /layer first \(conv2d\) takes \[n, 3, height, width\]/);
    refused(nn.sequential(nn.conv2d(1, 2, 5)), [1, 4, 4], /at least 5 × 5/);
    refused(nn.residual({ conv: nn.conv2d(1, 2, 1) }), [1, 4, 4], /so that it can be added/);
    assert.throws(() => new Network(nn.relu(), { ...options, inputShape: [1, 2, 2] }), { code: 'NBS_TRAIN_BATCH_MISMATCH' });
    assert.throws(() => nn.dropout(1), { code: 'NBS_INVALID_OPTION' });
    assert.throws(() => nn.conv2d(1, 0, 3), { code: 'NBS_INVALID_OPTION' });
    assert.throws(() => nn.maxPool2d(2, { padding: 2 }), { code: 'NBS_INVALID_OPTION' });
  });

  it('refuses to train batch normalisation on one value for each channel, as PyTorch does', async () => {
    const layers = nn.sequential(nn.batchNorm2d(2), nn.flatten(), nn.linear(2, 2));
    const network = new Network(layers, { ...options, inputShape: [2, 1, 1] });
    const before = Float32Array.from(network.buffers.values);
    const x = (size: number) =>
      tensor(
        Float32Array.from({ length: 2 * size }, (_, i) => i),
        [size, 2, 1, 1],
      );
    await assert.rejects(network.backward(x(1), labels(0)), {
      code: 'NBS_TRAIN_BATCH_MISMATCH',
      message: /two samples.*dropLast/,
    });
    assert.deepEqual(network.buffers.values, before);
    await network.predict(x(1));
    await network.backward(x(2), labels(0, 1));
    await network.dispose();
  });

  it('refuses batches that do not fit, and says when the loss is no number any more', async () => {
    const network = new Network(nn.linear(3, 2), options);
    const x = tensor([[1, 2, 3]]);
    const refused = (what: Promise<unknown>, code: string, message: RegExp) => assert.rejects(what, { code, message });
    await refused(
      network.backward(tensor([[1, 2]]), labels(0)),
      'NBS_TRAIN_BATCH_MISMATCH',
      /input of a batch must be float32\[n, 3\], got float32\[1, 2\]/,
    );
    await refused(network.backward(x, labels(0, 1)), 'NBS_TRAIN_BATCH_MISMATCH', /target of a batch must be int32\[1\]/);
    await refused(network.backward(x, tensor([[1, 0]])), 'NBS_TRAIN_BATCH_MISMATCH', /got float32\[1, 2\]/);
    await refused(network.backward(x, labels(2)), 'NBS_TRAIN_BATCH_MISMATCH', /labels of a batch must be from 0 to 1, got 2/);
    await refused(network.predict(tensor(new Float32Array(0), [0, 3])), 'NBS_TRAIN_BATCH_MISMATCH', /\[0, 3\]/);
    await refused(network.backward(tensor([[1, Number.NaN, 3]]), labels(0)), 'NBS_TRAIN_LOSS_NOT_FINITE', /NaN in step 1/);
    assert.throws(() => new Sgd(network, { lr: Number.NaN }), { code: 'NBS_INVALID_OPTION' });
    await network.dispose();
  });

  it('is as before after a batch whose loss is no number', async () => {
    const layers = nn.sequential(nn.conv2d(1, 2, 1), nn.batchNorm2d(2), nn.flatten(), nn.linear(8, 2));
    const network = new Network(layers, { ...options, inputShape: [1, 2, 2] });
    const batch = (value: number) => tensor(Float32Array.of(value, 1, 2, 3, 4, 5, 6, 7), [2, 1, 2, 2]);
    await network.backward(batch(0), labels(0, 1));
    const [gradients, buffers] = [network.gradients.values.slice(), network.buffers.values.slice()];
    await assert.rejects(network.backward(batch(Number.NaN), labels(0, 1)), { code: 'NBS_TRAIN_LOSS_NOT_FINITE' });
    assert.deepEqual(network.gradients.values, gradients);
    assert.deepEqual(network.buffers.values, buffers);
    assert.ok(buffers.every(Number.isFinite));
    await network.dispose();
  });
});
