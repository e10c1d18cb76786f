import { aboutInput } from '../core/index.js';
import { InvalidData } from './errors.js';

/** Width and height of a digit, in pixels. */
export const MNIST_SIDE = 28;
const SIZE = MNIST_SIDE * MNIST_SIDE;

/**
 * Takes one image or several, each of 784 values from 0 to 255, and returns several. An error is marked as one about input, because the images may
 * come from a request.
 * @throws NBS_DATA_INVALID
 */
export function toDigits(images: ArrayLike<number> | readonly ArrayLike<number>[]): readonly ArrayLike<number>[] {
  const fail = (source: string, reason: string) => aboutInput(InvalidData({ source, format: 'an MNIST digit', reason }));
  if (!isList(images))
    throw fail('the value', `it is ${images === null ? 'null' : `of type ${typeof images}`}, not an array of ${SIZE} values`);
  const many = (isList(images[0]) ? images : images.length === 0 ? [] : [images]) as readonly ArrayLike<number>[];
  for (let i = 0; i < many.length; i += 1) {
    const image = many[i] as unknown;
    if (!isList(image))
      throw fail(`image ${i}`, `it is ${image === null ? 'null' : `of type ${typeof image}`}, not an array of ${SIZE} values`);
    if (image.length !== SIZE) throw fail(`image ${i}`, `it has ${image.length} values, not ${SIZE}`);
    for (let at = 0; at < SIZE; at += 1) {
      const value = image[at] as unknown;
      // The comparison is false for NaN too.
      if (typeof value !== 'number' || !(value >= 0 && value <= 255))
        throw fail(
          `image ${i}`,
          `value ${at} is ${typeof value === 'string' ? JSON.stringify(value) : String(value)}, not a number from 0 to 255`,
        );
    }
  }
  return many;
}

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
