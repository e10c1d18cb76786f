import { aboutInput } from '../../core/index.js';
import { InvalidTensor } from '../errors.js';
import { elementsOf } from '../tensor.js';
import type { Tensor } from '../types.js';
import { checkLabels, type LabelMap } from './pixels.js';
import { linearTaps } from './resample.js';

interface TargetSize {
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/**
 * The class of each pixel from the logits of a segmentation model, as `post_process_semantic_segmentation` of transformers computes it: the logits are
 * enlarged (bilinear), and the class with the largest one wins.
 * @param logits float32[pictures, classes, height, width]
 * @param options.targetSizes the size of each picture, in pixels; without it, the size of the logits
 * @returns a map for each picture
 * @throws NBS_ONNX_INVALID_TENSOR
 */
export function segmentation(
  logits: Tensor<'float32'>,
  options: { readonly targetSizes?: readonly TargetSize[] } = {},
): LabelMap[] {
  const [count = 0, classes = 0, height = 0, width = 0] = logits.dims;
  const fail = (reason: string) => aboutInput(InvalidTensor({ reason }));
  if (logits.dims.length !== 4 || logits.type !== 'float32')
    throw fail(`logits must be float32[pictures, classes, height, width], not ${logits.type}[${logits.dims.join(', ')}]`);
  if (classes < 1 || classes > 65_536) throw fail(`there are ${classes} classes`);
  const { targetSizes } = options;
  if (targetSizes !== undefined && targetSizes.length !== count)
    throw fail(`there are ${count} pictures and ${targetSizes.length} target sizes`);
  const plane = width * height;
  const values = elementsOf(logits);
  return Array.from({ length: count }, (_, i) => {
    const target = targetSizes?.[i] ?? { width, height };
    if (![target.width, target.height].every((each) => Number.isSafeInteger(each) && each > 0))
      throw fail(`a target size is ${target.width} × ${target.height}`);
    const planes = Array.from({ length: classes }, (_, c) =>
      values.subarray((i * classes + c) * plane, (i * classes + c + 1) * plane),
    );
    return bestClasses(planes, { width, height }, target);
  });
}

function bestClasses(planes: readonly Float32Array[], from: TargetSize, to: TargetSize): LabelMap {
  const area = to.width * to.height;
  const labels = planes.length <= 256 ? new Uint8Array(area) : new Uint16Array(area);
  const best = new Float32Array(area).fill(Number.NEGATIVE_INFINITY);
  const [across, down] = [linearTaps(from.width, to.width), linearTaps(from.height, to.height)];
  for (const label of candidates(planes)) {
    const plane = planes[label] as Float32Array;
    for (const [y, row] of down.entries()) {
      const [upper, lower] = row.weights as unknown as [number, number];
      const top = row.from * from.width;
      const bottom = lower === 0 ? top : top + from.width;
      for (const [x, column] of across.entries()) {
        const [left, right] = column.weights as unknown as [number, number];
        const first = column.from;
        const second = right === 0 ? first : first + 1;
        const value =
          upper * ((plane[top + first] as number) * left + (plane[top + second] as number) * right) +
          lower * ((plane[bottom + first] as number) * left + (plane[bottom + second] as number) * right);
        const at = y * to.width + x;
        if (value > (best[at] as number)) {
          best[at] = value;
          labels[at] = label;
        }
      }
    }
  }
  return { width: to.width, height: to.height, data: labels };
}

/** The classes that can win anywhere: those whose largest logit is not below the smallest of another class. */
function candidates(planes: readonly Float32Array[]): number[] {
  const ranges = planes.map((plane) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of plane) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return { low, high };
  });
  const floor = Math.max(...ranges.map(({ low }) => low));
  return ranges.flatMap(({ high }, label) => (high >= floor ? [label] : []));
}

/**
 * The labels of training data in the model's numbers, as `do_reduce_labels` of transformers computes them: 0, the background, becomes 255, which means
 * "ignore", and the others become one less.
 * @throws NBS_IMAGE_NOT_PIXELS
 */
export function reduceLabels(labels: LabelMap): LabelMap {
  checkLabels(labels);
  const data = labels.data.map((label) => (label === 0 || label === 255 ? 255 : label - 1)) as LabelMap['data'];
  return { ...labels, data };
}

/**
 * How well two areas agree: the number of pixels in both, divided by the number in either (intersection over union), from 0 to 1.
 * @param label which class is compared
 * @throws NBS_IMAGE_NOT_PIXELS if the sizes differ
 */
export function overlap(a: LabelMap, b: LabelMap, label: number): number {
  checkLabels(a);
  checkLabels(b);
  if (a.width !== b.width || a.height !== b.height)
    throw aboutInput(InvalidTensor({ reason: `${a.width} × ${a.height} and ${b.width} × ${b.height} are not the same size` }));
  let [both, either] = [0, 0];
  for (const [i, value] of a.data.entries()) {
    const [isA, isB] = [value === label, b.data[i] === label];
    if (isA && isB) both += 1;
    if (isA || isB) either += 1;
  }
  return either === 0 ? 1 : both / either;
}
