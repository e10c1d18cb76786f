import { readFileSync } from 'node:fs';
import { aboutInput } from '../core/index.js';
import type { Tensor } from '../onnx/index.js';
import { datasetPath } from './dataset-path.js';
import { InvalidData } from './errors.js';
import { type Idx, idxHead, readIdx } from './idx.js';

/** Handwritten digits, white on black. */
export interface Mnist {
  /** 784 bytes each: 28 rows of 28, 0 black, 255 white. */
  readonly images: readonly Uint8Array[];
  /** The digit on each image, 0 to 9. */
  readonly labels: readonly number[];
}

/** Side of a digit in pixels. */
export const MNIST_SIDE = 28;
/** Mean and standard deviation of the training images' pixels as 0…1; the committed model expects this normalisation. */
export const MNIST_MEAN = 0.1307;
export const MNIST_STD = 0.3081;
/** So many test digits are in the repository. */
const COMMITTED = 1000;

/**
 * Loads MNIST digits. The first 1,000 test digits are in the repository; more, and the training digits, are fetched once with `nbserve assets fetch mnist`.
 * @param options.split 60,000 digits to train on or 10,000 to test with. @default 'test'
 * @param options.limit the first so many. @default 1000 of test, all of train
 * @param options.from folder to look for `datasets/` from. @default the working folder
 * @throws NBS_DATASET_NOT_FOUND
 */
export function loadMnist(
  options: { readonly split?: 'train' | 'test'; readonly limit?: number; readonly from?: string } = {},
): Mnist {
  const { split = 'test', limit = split === 'test' ? COMMITTED : Number.POSITIVE_INFINITY } = options;
  const prefix = split === 'train' ? 'train' : limit <= COMMITTED ? 't10k-1000' : 't10k';
  const read = (kind: string): Idx => {
    const path = datasetPath(`mnist/${prefix}-${kind}-ubyte`, options.from === undefined ? {} : { from: options.from });
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
 * Normalises one image or several (784 bytes each) for the model: float32[n, 1, 28, 28], (byte ÷ 255 − mean) ÷ std.
 * @throws NBS_DATA_INVALID where an image is not of 784 values
 */
export function mnistTensor(
  images: ArrayLike<number> | readonly ArrayLike<number>[],
  options: { readonly mean?: number; readonly std?: number } = {},
): Tensor<'float32'> {
  const { mean = MNIST_MEAN, std = MNIST_STD } = options;
  const many = (typeof images[0] === 'number' ? [images] : images) as readonly ArrayLike<number>[];
  const size = MNIST_SIDE * MNIST_SIDE;
  const data = new Float32Array(many.length * size);
  for (let i = 0; i < many.length; i++) {
    const image = many[i] as ArrayLike<number>;
    if (image.length !== size) {
      throw aboutInput(
        InvalidData({ source: `image ${i}`, format: 'an MNIST digit', reason: `it has ${image.length} values, not ${size}` }),
      );
    }
    for (let at = 0; at < size; at++) data[i * size + at] = ((image[at] as number) / 255 - mean) / std;
  }
  return { type: 'float32', dims: [many.length, 1, MNIST_SIDE, MNIST_SIDE], data };
}
