import { LayerMismatch } from './errors.js';
import type { Layer, NamedLayer } from './layers.js';
import * as operations from './operations.js';
import type { Fill, Tape, Value } from './tape.js';

/** Training uses the statistics of the batch and dropout; evaluation does not. */
export type Mode = 'train' | 'eval';

/** Writes the nodes of a layer. @param path the prefix of the names of its weights, with a dot at its end, or '' @throws NBS_TRAIN_LAYER_MISMATCH */
export function buildLayer(tape: Tape, layer: Layer, x: Value, path: string, mode: Mode): Value {
  const child = (value: Value, [name, inner]: NamedLayer) => buildLayer(tape, inner, value, `${path}${name}.`, mode);
  switch (layer.kind) {
    case 'sequential':
      return layer.layers.reduce(child, x);
    case 'residual': {
      const through = layer.layers.reduce(child, x);
      const around = layer.downsample === undefined ? x : child(x, ['downsample', layer.downsample]);
      if (String(through.dims) !== String(around.dims))
        throw mismatch(path, layer, `an output of ${shown(around.dims)} from its layers, so that it can be added`, through);
      return operations.relu(tape, operations.add(tape, through, around));
    }
    case 'conv2d': {
      const { inChannels, outChannels, kernel } = layer;
      checkPicture(path, layer, x, inChannels);
      checkWindow(path, layer, x);
      const fanIn = inChannels * kernel[0] * kernel[1];
      const fanOut = outChannels * kernel[0] * kernel[1];
      const fill: Fill = layer.init === 'fan-out' ? { kind: 'normal', std: Math.sqrt(2 / fanOut) } : uniform(fanIn);
      const weight = tape.parameter(`${path}weight`, [outChannels, inChannels, ...kernel], fill);
      const bias = layer.bias ? tape.parameter(`${path}bias`, [outChannels], uniform(fanIn)) : undefined;
      return operations.conv2d(tape, x, weight, bias, layer);
    }
    case 'linear': {
      const { inFeatures, outFeatures } = layer;
      if (x.dims.length !== 2 || x.dims[1] !== inFeatures)
        throw mismatch(path, layer, `[n, ${inFeatures}]${x.dims.length > 2 ? ', so put nn.flatten() before it' : ''}`, x);
      const weight = tape.parameter(`${path}weight`, [outFeatures, inFeatures], uniform(inFeatures));
      const bias = layer.bias ? tape.parameter(`${path}bias`, [outFeatures], uniform(inFeatures)) : undefined;
      return operations.linear(tape, x, weight, bias);
    }
    case 'maxPool2d':
    case 'avgPool2d':
      checkPicture(path, layer, x);
      checkWindow(path, layer, x);
      return layer.kind === 'maxPool2d' ? operations.maxPool2d(tape, x, layer) : operations.avgPool2d(tape, x, layer);
    case 'globalAvgPool2d':
      checkPicture(path, layer, x);
      return operations.globalAvgPool2d(tape, x);
    case 'batchNorm2d': {
      const { features, epsilon, momentum } = layer;
      checkPicture(path, layer, x, features);
      const parts = {
        scale: tape.parameter(`${path}weight`, [features], { kind: 'constant', value: 1 }),
        shift: tape.parameter(`${path}bias`, [features], { kind: 'constant', value: 0 }),
        runningMean: tape.buffer(`${path}running_mean`, [features], 0),
        runningVariance: tape.buffer(`${path}running_var`, [features], 1),
        epsilon,
        momentum,
      };
      return mode === 'train' ? operations.batchNorm2d(tape, x, parts) : operations.normalise(tape, x, parts);
    }
    case 'dropout':
      return mode === 'train' && layer.p > 0 ? operations.dropout(tape, x, `${path}mask`, layer.p) : x;
    case 'relu':
      return operations.relu(tape, x);
    case 'flatten':
      return operations.flatten(tape, x);
  }
}

/** PyTorch's default for weights and biases: uniform in ±1/√(number of inputs). */
const uniform = (fanIn: number): Fill => ({ kind: 'uniform', bound: 1 / Math.sqrt(fanIn) });

function checkPicture(path: string, layer: Layer, x: Value, channels?: number): void {
  if (x.dims.length !== 4 || (channels !== undefined && x.dims[1] !== channels))
    throw mismatch(path, layer, `[n, ${channels ?? 'channels'}, height, width]`, x);
}

function checkWindow(path: string, layer: Layer & operations.Window, x: Value): void {
  const size = operations.windowed([x.dims[2] as number, x.dims[3] as number], layer);
  if (size.some((each) => each < 1))
    throw mismatch(path, layer, `pictures of at least ${layer.kernel.join(' × ')}, padding included`, x);
}

function mismatch(path: string, layer: Layer, expected: string, x: Value): Error {
  return LayerMismatch({ layer: path === '' ? 'itself' : path.slice(0, -1), kind: layer.kind, expected, actual: shown(x.dims) });
}

const shown = (dims: readonly number[]): string => `[${dims.map((dim) => (dim === -1 ? 'n' : dim)).join(', ')}]`;
