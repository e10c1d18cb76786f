import { readFileSync } from 'node:fs';
import { InvalidOption, type OptionSpec, parseOptions } from '../core/index.js';
import type { Tensor } from '../onnx/index.js';
import { datasetPath } from './dataset-path.js';
import { MNIST_SIDE, toDigits } from './digit-values.js';
import { type Idx, idxHead, readIdx } from './idx.js';

/** Handwritten digits, white on black. */
export interface Mnist {
  /** Each image has 784 bytes: 28 rows of 28 pixels, from 0 (black) to 255 (white). */
  readonly images: readonly Uint8Array[];
  /** The digit on each image, 0 to 9. */
  readonly labels: readonly number[];
}

/** Mean of the training images' pixels, scaled to 0…1. The committed model expects pixels that are normalised with it and {@link MNIST_STD}. */
export const MNIST_MEAN = 0.1307;
/** Standard deviation of the training images' pixels, scaled to 0…1. */
export const MNIST_STD = 0.3081;
/** The number of test digits in the repository. */
const COMMITTED = 1000;

/**
 * Loads MNIST digits. The first 1,000 test digits are in the repository. `nbserve assets fetch mnist` fetches the others and the training digits.
 * @param options.split 'train' has 60,000 digits, 'test' has 10,000. @default 'test'
 * @param options.limit how many digits to load, from the first on; 0 or more. @default 1000 of test, all of train
 * @param options.from the folder from which `datasets/` is looked for, upwards. @default the working folder
 * @throws NBS_DATASET_NOT_FOUND, NBS_DATASET_DAMAGED, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
 */
export function loadMnist(
  options: { readonly split?: 'train' | 'test'; readonly limit?: number; readonly from?: string } = {},
): Mnist {
  const { split, from, ...values } = parseOptions('loadMnist', LOAD_OPTIONS, options);
  const limit = values.limit ?? (split === 'test' ? COMMITTED : Number.POSITIVE_INFINITY);
  const prefix = split === 'train' ? 'train' : limit <= COMMITTED ? 't10k-1000' : 't10k';
  const read = (kind: string): Idx => {
    const path = datasetPath(`mnist/${prefix}-${kind}-ubyte`, from === undefined ? {} : { from });
    return idxHead(readIdx(readFileSync(path), path), limit);
  };
  const [images, labels] = [read('images-idx3'), read('labels-idx1')];
  const size = MNIST_SIDE * MNIST_SIDE;
  return {
    images: Array.from({ length: images.dims[0] ?? 0 }, (_, i) => new Uint8Array(images.data.subarray(i * size, (i + 1) * size))),
    labels: [...labels.data],
  };
}

/**
 * Makes the model's input from one image or several of 784 bytes each: a tensor float32[n, 1, 28, 28] with (byte ÷ 255 − mean) ÷ std for each byte.
 * @param options.std must not be 0
 * @throws NBS_DATA_INVALID if an image does not have 784 numbers from 0 to 255; if your code does not catch it, the HTTP client gets status 422.
 * NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
 */
export function mnistTensor(
  images: ArrayLike<number> | readonly ArrayLike<number>[],
  options: { readonly mean?: number; readonly std?: number } = {},
): Tensor<'float32'> {
  const { mean, std } = parseOptions('mnistTensor', NORMALISATION, options);
  if (std === 0) throw InvalidOption({ where: 'mnistTensor', option: 'std', expected: 'a number that is not 0', value: '0' });
  const many = toDigits(images);
  const size = MNIST_SIDE * MNIST_SIDE;
  const data = new Float32Array(many.length * size);
  for (let i = 0; i < many.length; i += 1) {
    const image = many[i] as ArrayLike<number>;
    for (let at = 0; at < size; at += 1) data[i * size + at] = ((image[at] as number) / 255 - mean) / std;
  }
  return { type: 'float32', dims: [many.length, 1, MNIST_SIDE, MNIST_SIDE], data };
}

const LOAD_OPTIONS = {
  split: {
    doc: "'train' has 60,000 digits, 'test' has 10,000.",
    expected: "'train' or 'test'",
    default: 'test',
    parse: (value) => (value === 'train' || value === 'test' ? value : undefined),
  } as OptionSpec<'train' | 'test'>,
  limit: {
    doc: 'How many digits to load, from the first on.',
    expected: 'an integer of at least 0, or Infinity',
    default: undefined,
    parse: (value) =>
      value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && (value as number) >= 0)
        ? (value as number)
        : undefined,
  } as OptionSpec<number | undefined>,
  from: {
    doc: 'The folder from which datasets/ is looked for, upwards.',
    expected: 'the path of a folder',
    default: undefined,
    parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
  } as OptionSpec<string | undefined>,
};

const finite = (doc: string, fallback: number): OptionSpec<number> => ({
  doc,
  expected: 'a number',
  default: fallback,
  parse: (value) => (Number.isFinite(value) ? (value as number) : undefined),
});
const NORMALISATION = {
  mean: finite('Subtracted after dividing by 255.', MNIST_MEAN),
  std: finite('Divisor after that.', MNIST_STD),
};
