import { InvalidOption, type OptionSpec, parseOptions } from '../../core/index.js';
import { toFloat16 } from '../float16.js';
import type { Tensor } from '../types.js';
import { eachChannel, isNumber, meanOption, type PerChannel, stdOption } from './per-channel.js';
import { checkPixels, type Pixels } from './pixels.js';

type PixelType = 'float32' | 'float16' | 'uint8';

/** Options of {@link toTensor}. */
export interface ToTensorOptions<T extends PixelType = PixelType> {
  /** Order of the dimensions after the batch: channels first or last. @default 'NCHW' */
  readonly layout?: 'NCHW' | 'NHWC';
  /** Order of the colours. Models that were trained with OpenCV expect BGR. @default 'RGB' */
  readonly order?: 'RGB' | 'BGR';
  /** Element type of the tensor. With `uint8` the values are the bytes, and `scale`, `mean` and `std` are refused. @default 'float32' */
  readonly type?: T;
  /** Value = (byte × scale − mean) ÷ std. @default 1/255 */
  readonly scale?: number;
  /** One number, or one for each channel in the order of the tensor. @default 0 */
  readonly mean?: PerChannel;
  /** One number other than 0, or one for each channel in the order of the tensor. @default 1 */
  readonly std?: PerChannel;
}

const oneOf = <const T extends string>(doc: string, values: readonly T[], fallback: T): OptionSpec<T> => ({
  doc,
  expected: `one of ${values.join(', ')}`,
  default: fallback,
  parse: (value) => values.find((each) => each === value),
});
const spec = {
  layout: oneOf('Order of the dimensions after the batch.', ['NCHW', 'NHWC'], 'NCHW'),
  order: oneOf('Order of the colours.', ['RGB', 'BGR'], 'RGB'),
  type: oneOf('Element type of the tensor.', ['float32', 'float16', 'uint8'], 'float32'),
  scale: {
    doc: 'Factor of a byte.',
    expected: 'a number',
    default: undefined,
    parse: (value) => (isNumber(value) ? value : undefined),
  } as OptionSpec<number | undefined>,
  mean: meanOption(undefined),
  std: stdOption(undefined),
};

/**
 * Makes a tensor of one row from a picture, `[1, channels, height, width]` by default. `onnx.stack` makes a batch of several.
 * @throws NBS_IMAGE_NOT_PIXELS, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
 */
export function toTensor<T extends PixelType = 'float32'>(pixels: Pixels, options: ToTensorOptions<T> = {}): Tensor<T> {
  checkPixels(pixels);
  const where = 'onnx.image.toTensor';
  const values = parseOptions(where, spec, options as Readonly<Record<string, unknown>>);
  const { layout, order, type } = values;
  const { width, height, channels, data } = pixels;
  for (const option of ['scale', 'mean', 'std'] as const) {
    if (type === 'uint8' && values[option] !== undefined)
      throw InvalidOption({ where, option, expected: 'left out if type is uint8', value: String(values[option]) });
  }
  const mean = eachChannel(where, 'mean', values.mean ?? 0, channels);
  const std = eachChannel(where, 'std', values.std ?? 1, channels);
  const scale = values.scale ?? 1 / 255;
  const area = width * height;
  const out = type === 'uint8' ? new Uint8Array(data.length) : new Float32Array(data.length);
  for (let to = 0; to < channels; to += 1) {
    const from = order === 'BGR' && to < 3 && channels >= 3 ? 2 - to : to;
    const [shift, divisor] = [mean[to] as number, std[to] as number];
    for (let i = 0; i < area; i += 1) {
      const byte = data[i * channels + from] as number;
      const at = layout === 'NHWC' ? i * channels + to : to * area + i;
      out[at] = type === 'uint8' ? byte : (byte * scale - shift) / divisor;
    }
  }
  const dims = layout === 'NHWC' ? [1, height, width, channels] : [1, channels, height, width];
  return { type, dims, data: type === 'float16' ? toFloat16(out) : out } as unknown as Tensor<T>;
}
