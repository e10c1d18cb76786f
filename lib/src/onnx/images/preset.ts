import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { isRecord } from '../../core/index.js';
import { InvalidPreset } from '../errors.js';
import type { Tensor } from '../types.js';
import { isAllowed, isNumber } from './per-channel.js';
import type { Pixels } from './pixels.js';
import type { Kernel } from './resample.js';
import { crop, resize } from './resize.js';
import { toTensor } from './to-tensor.js';

/** How a model's pictures are prepared, from its `preprocessor_config.json`. A plain object, which can be sent by handle. */
export interface Preset {
  readonly resize: { readonly width: number; readonly height: number } | { readonly shortestEdge: number } | null;
  readonly kernel: Kernel;
  /** Size of the part in the centre that is kept after resizing, in pixels. */
  readonly crop: { readonly width: number; readonly height: number } | null;
  /** Factor of a byte. */
  readonly scale: number;
  /** For each channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** The order of the colours in the tensor. */
  readonly order: 'RGB' | 'BGR';
  /** True if the labels of the training data count the background as 0 and the model does not: {@link reduceLabels} makes them comparable. */
  readonly reduceLabels: boolean;
}

/** Pillow's filters by their numbers; `resample` is such a number. */
const RESAMPLE: readonly Kernel[] = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'];

/** Members that would change the result and are not done here, with the values that ask for nothing, and what can be done instead. */
const UNSUPPORTED: Readonly<Record<string, { readonly nothing: readonly unknown[]; readonly instead?: string }>> = {
  do_pad: { nothing: [false], instead: 'use onnx.image.letterbox' },
  rescale_offset: { nothing: [false], instead: 'use onnx.image.toTensor with mean and std' },
  offset: { nothing: [false], instead: 'use onnx.image.toTensor with mean and std' },
  // The second normalization of EfficientNet.
  include_top: { nothing: [false], instead: 'use onnx.image.toTensor with mean and std' },
  do_thumbnail: { nothing: [false] },
  do_align_long_axis: { nothing: [false] },
  do_grayscale: { nothing: [false], instead: 'use onnx.image.grey' },
  do_color_quantize: { nothing: [false] },
  do_split_image: { nothing: [false] },
};
/** Such members that say how to resize, so they count only if that is done. */
const UNSUPPORTED_SIZES: typeof UNSUPPORTED = {
  max_size: { nothing: [], instead: 'use onnx.image.resize' },
  crop_pct: { nothing: [], instead: 'use onnx.image.resize with shortestEdge, and onnx.image.crop' },
  keep_aspect_ratio: { nothing: [false], instead: 'use onnx.image.resize' },
  ensure_multiple_of: { nothing: [1], instead: 'use onnx.image.resize' },
  size_divisor: { nothing: [0, 1], instead: 'use onnx.image.resize' },
  size_divisibility: { nothing: [0, 1], instead: 'use onnx.image.resize' },
};

/**
 * Reads a `preprocessor_config.json` as models on a hub have it, e.g. that of SegFormer or of a vision transformer.
 * @param config what is in the file, or its address: `pathToFileURL(path)`. A text is refused, because one from a
 * request could be the path of any file of this machine.
 * @throws NBS_IMAGE_PRESET names the member that cannot be used
 */
export function preset(config: URL | Readonly<Record<string, unknown>>): Preset {
  const source = config instanceof URL ? config.href : 'the preprocessor config';
  const fail = (reason: string, cause?: unknown) => InvalidPreset({ source, reason }, cause);
  let given: unknown = config;
  if (typeof config === 'string')
    throw fail('it is a text; pass the address of a file as pathToFileURL(path), and JSON as JSON.parse(text)');
  if (config instanceof URL) {
    try {
      given = JSON.parse(readFileSync(config, 'utf8'));
    } catch (error) {
      throw fail((error as Error).message, error);
    }
  }
  if (!isRecord(given)) throw fail('it is not a JSON object');
  const values = given;
  const flag = (name: string, fallback: boolean): boolean => {
    const value = values[name] ?? fallback;
    if (typeof value !== 'boolean') throw fail(`${name} must be true or false, not ${JSON.stringify(value)}`);
    return value;
  };
  const positive = (name: string, value: unknown): number => {
    if (!Number.isSafeInteger(value) || (value as number) < 1)
      throw fail(`${name} must be a positive integer, not ${JSON.stringify(value)}`);
    return value as number;
  };
  const triple = (option: 'mean' | 'std', fallback: readonly number[]): readonly number[] => {
    const value = values[`image_${option}`] ?? fallback;
    if (Array.isArray(value) && value.length > 0 && value.every(isAllowed[option])) return value as number[];
    const expected = option === 'std' ? 'numbers other than 0' : 'numbers';
    throw fail(`image_${option} must be a list of ${expected}, not ${inspect(value)}`);
  };
  const area = (name: string): { width: number; height: number } => {
    const value = values[name];
    if (!isRecord(value)) return { width: positive(name, value), height: positive(name, value) };
    return { width: positive(`${name}.width`, value.width), height: positive(`${name}.height`, value.height) };
  };
  const resizing = (): Preset['resize'] => {
    const size = values.size;
    if (isRecord(size) && 'shortest_edge' in size) {
      if ('longest_edge' in size) throw fail('size has a longest_edge, which is not supported');
      return { shortestEdge: positive('size.shortest_edge', size.shortest_edge) };
    }
    // In old files of vision transformers a single number is both sides; with a crop after it, it is the shorter side.
    if (!isRecord(size) && flag('do_center_crop', false)) return { shortestEdge: positive('size', size) };
    return area('size');
  };
  const number = (name: string, fallback: number): number => {
    const value = values[name] ?? fallback;
    if (!isNumber(value)) throw fail(`${name} must be a number, not ${inspect(value)}`);
    return value;
  };
  const kernel = RESAMPLE[number('resample', 2)];
  if (kernel === undefined) throw fail(`resample must be from 0 to 5, not ${JSON.stringify(values.resample)}`);
  const isResized = flag('do_resize', true);
  const refused = Object.entries({ ...UNSUPPORTED, ...(isResized ? UNSUPPORTED_SIZES : {}) });
  for (const [name, { nothing, instead }] of refused) {
    const value = values[name] ?? null;
    if (value === null || nothing.includes(value)) continue;
    throw fail(`${name} is not supported${instead === undefined ? '' : `; ${instead}`}`);
  }
  // The processors that exchange the channels do not normalize, and the files do not say so.
  const isFlipped = flag('do_flip_channel_order', false);
  if (isFlipped && flag('do_normalize', Array.isArray(values.image_mean)))
    throw fail('do_flip_channel_order is not supported beside image_mean; use onnx.image.toTensor with order');
  const normalises = flag('do_normalize', !isFlipped);
  return {
    resize: isResized ? resizing() : null,
    kernel,
    crop: flag('do_center_crop', false) ? area('crop_size') : null,
    scale: flag('do_rescale', true) ? number('rescale_factor', 1 / 255) : 1,
    mean: normalises ? triple('mean', [0.485, 0.456, 0.406]) : [0, 0, 0],
    std: normalises ? triple('std', [0.229, 0.224, 0.225]) : [1, 1, 1],
    order: isFlipped ? 'BGR' : 'RGB',
    reduceLabels: flag('do_reduce_labels', flag('reduce_labels', false)),
  };
}

/** Resizes, crops and normalises a picture as a preset says: `float32[1, channels, height, width]`. @throws NBS_IMAGE_NOT_PIXELS, NBS_INVALID_OPTION */
export function prepare(
  pixels: Pixels,
  { resize: size, kernel, crop: part, scale, mean, std, order }: Preset,
): Tensor<'float32'> {
  const resized = size === null ? pixels : resize(pixels, { ...size, kernel });
  const { channels } = pixels;
  for (const list of [mean, std]) {
    if (list.length === channels) continue;
    const reason = `it is for ${list.length} channels, and this picture has ${channels}`;
    // `read` makes three channels of any file; a picture in memory may have another number.
    throw InvalidPreset({
      source: 'the preset',
      reason: `${reason}: onnx.image.read(bytes, { channels: ${list.length} }) gives such a picture`,
    });
  }
  return toTensor(part === null ? resized : crop(resized, part), { scale, mean, std, order });
}
