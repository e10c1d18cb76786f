import { InvalidOption } from '../../core/index.js';
import type { Tensor } from '../../onnx/index.js';
import type { Target } from './network.js';
import { Random, seedOf } from './random.js';

export type Batch = readonly [x: Tensor<'float32'>, y: Target];

/** Samples by their number. */
export interface Dataset {
  readonly length: number;
  /** Some samples as one batch. The arrays are new for each call. */
  batch(indices: Int32Array): Batch;
}

/** Samples in memory: rows of `x` and of `y`. @throws NBS_INVALID_OPTION if they differ in number */
export function tensorDataset(x: Tensor<'float32'>, y: Target): Dataset {
  const length = x.dims[0] ?? 0;
  if (y.dims[0] !== length)
    throw InvalidOption({
      where: 'tensorDataset',
      option: 'y',
      expected: `a tensor of ${length} rows`,
      value: String(y.dims[0]),
    });
  return {
    length,
    batch: (indices) => [rowsOf(x, indices), y.type === 'int32' ? rowsOf(y, indices) : rowsOf(y, indices)],
  };
}

export interface ImageOptions {
  /** Dimensions of a picture: channels, height, width. @default [1, 28, 28] */
  readonly shape?: readonly [number, number, number];
  /** Each byte becomes (byte ÷ 255 − mean) ÷ std. @default { mean: 0.5, std: 0.5 } */
  readonly normalize?: { readonly mean: number; readonly std: number };
}

/** Pictures as bytes with their labels, e.g. of `loadMnist`. They become numbers when a batch is made, so they take a quarter of the memory. */
export function imageDataset(
  data: { readonly images: readonly ArrayLike<number>[]; readonly labels: ArrayLike<number> },
  { shape = [1, 28, 28], normalize = { mean: 0.5, std: 0.5 } }: ImageOptions = {},
): Dataset {
  const { images, labels } = data;
  const size = shape[0] * shape[1] * shape[2];
  const wrong = (option: string, expected: string, value: string) =>
    InvalidOption({ where: 'imageDataset', option, expected, value });
  if (labels.length !== images.length) throw wrong('labels', `${images.length} labels, one for each image`, `${labels.length}`);
  const odd = images.findIndex((image) => image.length !== size);
  if (odd >= 0) throw wrong(`images[${odd}]`, `${size} bytes`, `${images[odd]?.length} bytes`);
  if (!Number.isFinite(normalize.mean) || !(Math.abs(normalize.std) > 0))
    throw wrong('normalize', 'a mean and a std that is not 0', JSON.stringify(normalize));
  const values = Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - normalize.mean) / normalize.std);
  return {
    length: images.length,
    batch(indices) {
      const x = new Float32Array(indices.length * size);
      const y = new Int32Array(indices.length);
      for (let i = 0; i < indices.length; i += 1) {
        const index = indices[i] as number;
        const image = images[index] as ArrayLike<number>;
        for (let at = 0; at < size; at += 1) x[i * size + at] = values[image[at] as number] as number;
        y[i] = labels[index] as number;
      }
      return [
        { type: 'float32', dims: [indices.length, ...shape], data: x },
        { type: 'int32', dims: [indices.length], data: y },
      ];
    },
  };
}

export interface LoaderOptions {
  /** Samples in a batch. */
  readonly batchSize: number;
  /** A new random order in each epoch. @default false */
  readonly shuffle?: boolean;
  /** Whether to leave out a last batch that is not full. @default false */
  readonly dropLast?: boolean;
  /** The order of an epoch depends on it and on the number of the epoch only. @default 0 */
  readonly seed?: number;
}

/**
 * The batches of a data set, as PyTorch's `DataLoader`: `for (const [images, labels] of loader)`. Each loop is one epoch.
 */
export class DataLoader implements Iterable<Batch> {
  readonly #options: Required<LoaderOptions>;
  #epoch = 0;

  /** @throws NBS_INVALID_OPTION */
  constructor(
    readonly dataset: Dataset,
    options: LoaderOptions,
    /** The part of a process among several. `train.prepareDataLoader` sets it. */
    readonly part: { readonly rank: number; readonly workers: number } = { rank: 0, workers: 1 },
  ) {
    const { batchSize, shuffle = false, dropLast = false, seed = 0 } = options;
    if (!Number.isSafeInteger(batchSize) || batchSize < 1)
      throw InvalidOption({
        where: 'DataLoader',
        option: 'batchSize',
        expected: 'an integer of at least 1',
        value: String(batchSize),
      });
    this.#options = { batchSize, shuffle, dropLast, seed };
  }

  get options(): Required<LoaderOptions> {
    return this.#options;
  }

  /** Batches in an epoch. */
  get length(): number {
    const { batchSize, dropLast } = this.#options;
    const own = this.#ownLength();
    return dropLast ? Math.floor(own / batchSize) : Math.ceil(own / batchSize);
  }

  /** The number of the next loop's epoch, which decides its order. A loop adds 1 to it. Set it before you go on after a restart. */
  get epoch(): number {
    return this.#epoch;
  }

  set epoch(epoch: number) {
    this.#epoch = epoch;
  }

  *[Symbol.iterator](): Generator<Batch, void> {
    const order = this.#order(this.#epoch);
    this.#epoch += 1;
    const { batchSize } = this.#options;
    const batches = this.length;
    for (let i = 0; i < batches; i += 1) yield this.dataset.batch(order.subarray(i * batchSize, (i + 1) * batchSize));
  }

  #ownLength(): number {
    const { workers } = this.part;
    const { length } = this.dataset;
    return this.#options.dropLast ? Math.floor(length / workers) : Math.ceil(length / workers);
  }

  /**
   * The samples of this process: every `workers`-th of the common order. Together, one batch of each process equals one batch of a single process.
   * All processes get the same number. If the samples cannot be divided evenly, samples from the beginning are used twice, or left out with `dropLast`.
   */
  #order(epoch: number): Int32Array {
    const { shuffle, seed } = this.#options;
    const { length } = this.dataset;
    const all = shuffle ? new Random(seedOf(seed, epoch, 0x10ad)).permutation(length) : Int32Array.from({ length }, (_, i) => i);
    const { rank, workers } = this.part;
    return Int32Array.from({ length: this.#ownLength() }, (_, i) => all[(i * workers + rank) % length] as number);
  }
}

function rowsOf<T extends 'float32' | 'int32'>(tensor: Tensor<T>, indices: Int32Array): Tensor<T> {
  const [length = 0, ...dims] = tensor.dims;
  const size = length === 0 ? 0 : tensor.data.length / length;
  const source = tensor.data as Float32Array;
  const data = new (source.constructor as Float32ArrayConstructor)(indices.length * size);
  for (let i = 0; i < indices.length; i += 1) {
    const from = (indices[i] as number) * size;
    data.set(source.subarray(from, from + size), i * size);
  }
  return { type: tensor.type, dims: [indices.length, ...dims], data: data as unknown as Tensor<T>['data'] };
}
