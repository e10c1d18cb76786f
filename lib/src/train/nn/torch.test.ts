import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Layer } from './layers.js';
import { Network } from './network.js';
import * as nn from './nn.js';
import { Adam, type Optimizer, Sgd } from './optimizer.js';
import type { Parameters } from './parameters.js';

/** Length of a vector, the product of its beginning with a pattern, and its last number. */
type Facts = readonly [norm: number, product: number, last: number];
interface Run {
  readonly losses: readonly number[];
  readonly gradients: Readonly<Record<string, Facts>>;
  readonly weights: Readonly<Record<string, Facts>>;
  readonly buffers: Readonly<Record<string, Facts>>;
}

/** Made by ci/torch-reference.py, with PyTorch's own layers and optimizers. */
const file = new URL('../../../test/fixtures/torch-values.json', import.meta.url);
const torch = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, Run>>;

/** The numbers that ci/torch-reference.py makes too. */
function pattern(length: number, factor: number, scale: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => {
    const value = Math.sin((i + 1) * factor) * 43758.5453;
    return (value - Math.trunc(value)) * scale;
  });
}

function factsOf(data: Float32Array): Facts {
  const head = data.subarray(0, 4096);
  const other = pattern(head.length, 2.3, 1);
  const norm = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
  return [norm, head.reduce((sum, value, i) => sum + value * (other[i] as number), 0), data.at(-1) as number];
}

function assertFacts(parameters: Parameters, expected: Readonly<Record<string, Facts>>, what: string, tolerance: number): void {
  assert.deepEqual(parameters.names.toSorted(), Object.keys(expected).toSorted());
  for (const [name, facts] of Object.entries(expected)) {
    const actual = factsOf(parameters.tensor(name).data);
    // The product and the last number are parts of a vector, so their rounding is measured by its length.
    for (const [i, value] of facts.entries())
      assert.ok(
        Math.abs((actual[i] as number) - value) <= tolerance * (facts[0] + 1e-3),
        `${what} of ${name}: ${actual.join(', ')} for ${facts.join(', ')}`,
      );
  }
}

async function compare(title: string, layer: Layer, samples: number, make: (network: Network) => Optimizer, tolerance: number) {
  const expected = torch[title] as Run;
  const network = new Network(layer, { inputShape: [1, 28, 28], device: 'cpu', threads: 1 });
  for (const [i, name] of network.parameters.names.entries()) {
    const { data, dims } = network.parameters.tensor(name);
    const fan = dims.length > 1 ? data.length / (dims[0] as number) : 1;
    data.set(pattern(data.length, 1.1 + 0.37 * i, 1.5 / Math.sqrt(fan)).map((value) => value + (dims.length === 1 ? 1 : 0)));
  }
  const x = { type: 'float32', dims: [samples, 1, 28, 28], data: pattern(samples * 784, 0.7, 2) } as const;
  const y = { type: 'int32', dims: [samples], data: Int32Array.from({ length: samples }, (_, i) => (i * 7) % 10) } as const;
  const optimizer = make(network);
  for (const [step, loss] of expected.losses.entries()) {
    const actual = await network.backward(x, y);
    assert.ok(Math.abs(actual - loss) <= tolerance * loss, `loss of step ${step}: ${actual} for ${loss}`);
    if (step === 0) assertFacts(network.gradients, expected.gradients, 'gradient', tolerance);
    optimizer.step();
  }
  assertFacts(network.parameters, expected.weights, 'weight', tolerance);
  assertFacts(network.buffers, expected.buffers, 'buffer', tolerance);
  await network.dispose();
}

const cnn = nn.sequential(
  // Batch normalisation takes a bias away again: its gradient would be noise.
  nn.conv2d(1, 4, 3, { padding: 1, bias: false }),
  nn.batchNorm2d(4),
  nn.relu(),
  nn.maxPool2d(2),
  nn.conv2d(4, 8, 3, { stride: 2 }),
  nn.relu(),
  nn.avgPool2d(2),
  nn.flatten(),
  nn.linear(72, 10),
);

describe('as PyTorch: losses, gradients, weights and running statistics of', () => {
  it('a small CNN with Adam', () =>
    compare('cnn with Adam', cnn, 6, (network) => new Adam(network, { lr: 1e-3, weightDecay: 1e-2 }), 1e-4));
  it('a small CNN with SGD and momentum', () =>
    compare('cnn with SGD', cnn, 6, (network) => new Sgd(network, { lr: 1e-2, momentum: 0.9, weightDecay: 1e-2 }), 1e-4));
  it('a small CNN with plain SGD', () =>
    compare('cnn with plain SGD', cnn, 6, (network) => new Sgd(network, { lr: 1e-2 }), 1e-4));
  it('ResNet-18 with one channel', () =>
    compare(
      'ResNet18 with SGD',
      nn.resnet18({ inChannels: 1, numClasses: 10 }),
      4,
      (network) => new Sgd(network, { lr: 1e-2, momentum: 0.9, weightDecay: 1e-2 }),
      2e-3,
    ));
});
