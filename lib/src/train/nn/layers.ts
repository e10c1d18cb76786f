import { InvalidOption } from '../../core/index.js';
import type { Pair, Window } from './operations.js';

/** A layer is plain data: it can be sent to another process, compared, and stored. A {@link Network} makes weights and a graph from it. */
export type Layer =
  | ({ readonly kind: 'conv2d'; readonly inChannels: number; readonly outChannels: number } & Window & Weighted)
  | ({ readonly kind: 'linear'; readonly inFeatures: number; readonly outFeatures: number } & Weighted)
  | ({ readonly kind: 'maxPool2d' | 'avgPool2d' } & Window)
  | { readonly kind: 'batchNorm2d'; readonly features: number; readonly epsilon: number; readonly momentum: number }
  | { readonly kind: 'dropout'; readonly p: number }
  | { readonly kind: 'relu' | 'flatten' | 'globalAvgPool2d' }
  | { readonly kind: 'sequential'; readonly layers: readonly NamedLayer[] }
  | { readonly kind: 'residual'; readonly layers: readonly NamedLayer[]; readonly downsample?: Layer | undefined };

export type NamedLayer = readonly [name: string, layer: Layer];

interface Weighted {
  readonly bias: boolean;
  /** How the weights begin: 'default' as PyTorch's layers, 'fan-out' as its ResNet (He et al. 2015, normal, by the number of outputs). */
  readonly init: 'default' | 'fan-out';
}

type Size = number | Pair;

export interface ConvOptions {
  /** How far the kernel moves, in pixels. @default 1 */
  readonly stride?: Size;
  /** Zeros at each edge, in pixels. @default 0 */
  readonly padding?: Size;
  /** Whether a number is added to each channel. @default true */
  readonly bias?: boolean;
  /** How the weights begin: 'default' as PyTorch's layers, 'fan-out' as its ResNet. @default 'default' */
  readonly init?: 'default' | 'fan-out';
}

/** A convolution: [n, inChannels, h, w] → [n, outChannels, h', w']. @param kernel height and width in pixels, or one number for both */
export function conv2d(inChannels: number, outChannels: number, kernel: Size, options: ConvOptions = {}): Layer {
  const where = 'nn.conv2d';
  const { stride = 1, padding = 0, bias = true, init = 'default' } = options;
  return {
    kind: 'conv2d',
    inChannels: count(where, 'inChannels', inChannels),
    outChannels: count(where, 'outChannels', outChannels),
    ...windowOf(where, kernel, stride, padding),
    bias,
    init,
  };
}

/** A fully connected layer: [n, inFeatures] → [n, outFeatures]. @param options.bias whether a number is added to each output. @default true */
export function linear(inFeatures: number, outFeatures: number, options: { readonly bias?: boolean } = {}): Layer {
  const where = 'nn.linear';
  return {
    kind: 'linear',
    inFeatures: count(where, 'inFeatures', inFeatures),
    outFeatures: count(where, 'outFeatures', outFeatures),
    bias: options.bias ?? true,
    init: 'default',
  };
}

export interface PoolOptions {
  /** How far the window moves, in pixels. @default the size of the window */
  readonly stride?: Size;
  /** Pixels at each edge, at most half of the window. @default 0 */
  readonly padding?: Size;
}

/** The largest value of each window. */
export function maxPool2d(kernel: Size, options: PoolOptions = {}): Layer {
  return pool('maxPool2d', kernel, options);
}

/** The mean of each window. */
export function avgPool2d(kernel: Size, options: PoolOptions = {}): Layer {
  return pool('avgPool2d', kernel, options);
}

/** The mean of each channel: [n, c, h, w] → [n, c, 1, 1]. PyTorch's `AdaptiveAvgPool2d(1)`. */
export const globalAvgPool2d = (): Layer => ({ kind: 'globalAvgPool2d' });

/**
 * Batch normalisation of `features` channels. In training it uses the statistics of the batch, afterwards their running means.
 * @param options.epsilon added to the variance. @default 1e-5
 * @param options.momentum how much a batch counts in the running means. @default 0.1
 */
export function batchNorm2d(features: number, options: { readonly epsilon?: number; readonly momentum?: number } = {}): Layer {
  const { epsilon = 1e-5, momentum = 0.1 } = options;
  return { kind: 'batchNorm2d', features: count('nn.batchNorm2d', 'features', features), epsilon, momentum };
}

/** In training, sets each value to zero with the probability `p`, and divides the others by 1 - p. @param p from 0 to 1, without 1. @default 0.5 */
export function dropout(p = 0.5): Layer {
  if (!(p >= 0 && p < 1))
    throw InvalidOption({ where: 'nn.dropout', option: 'p', expected: 'from 0 to 1, without 1', value: String(p) });
  return { kind: 'dropout', p };
}

export const relu = (): Layer => ({ kind: 'relu' });

/** [n, c, h, w] → [n, c · h · w]. */
export const flatten = (): Layer => ({ kind: 'flatten' });

/** Layers one after the other: a list, whose weights are named `0.weight`, `1.weight` …, or an object, whose keys are the names. */
export function sequential(...layers: readonly Layer[] | readonly [Readonly<Record<string, Layer>>]): Layer {
  return { kind: 'sequential', layers: named(layers) };
}

/** Layers whose input is added to their output, and then ReLU (He et al. 2015). @param downsample makes the input fit if the layers change its dimensions */
export function residual(layers: Readonly<Record<string, Layer>>, downsample?: Layer): Layer {
  return { kind: 'residual', layers: Object.entries(layers), downsample };
}

function named(layers: readonly Layer[] | readonly [Readonly<Record<string, Layer>>]): readonly NamedLayer[] {
  const [first] = layers;
  if (layers.length === 1 && first !== undefined && !('kind' in first && typeof first.kind === 'string'))
    return Object.entries(first as Readonly<Record<string, Layer>>);
  return (layers as readonly Layer[]).map((layer, i) => [String(i), layer]);
}

function pool(kind: 'maxPool2d' | 'avgPool2d', kernel: Size, { stride = kernel, padding = 0 }: PoolOptions): Layer {
  const window = windowOf(`nn.${kind}`, kernel, stride, padding);
  if (window.padding.some((each, i) => 2 * each > (window.kernel[i] as number)))
    throw InvalidOption({
      where: `nn.${kind}`,
      option: 'padding',
      expected: 'at most half of the window',
      value: String(padding),
    });
  return { kind, ...window };
}

const pair = (size: Size): Pair => (typeof size === 'number' ? [size, size] : size);

function windowOf(where: string, kernel: Size, stride: Size, padding: Size): Window {
  for (const each of pair(kernel)) count(where, 'kernel', each);
  for (const each of pair(stride)) count(where, 'stride', each);
  for (const each of pair(padding)) count(where, 'padding', each, 0);
  return { kernel: pair(kernel), stride: pair(stride), padding: pair(padding) };
}

function count(where: string, option: string, value: number, min = 1): number {
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw InvalidOption({ where, option, expected: `an integer of at least ${min}`, value: String(value) });
}
