import { type Duration, duration, InvalidOption, integer, type OptionSpec, parseOptions } from '../core/index.js';
import { eachChannel, isNumber, meanOption, stdOption } from './images/per-channel.js';

/** Formats that can be decoded. */
const imageFormats = ['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff', 'svg'] as const;
export type ImageFormat = (typeof imageFormats)[number];

/** Options of {@link decode}. */
export interface DecodeOptions {
  /** Size of the result in pixels. */
  readonly width: number;
  /** As `width`. */
  readonly height: number;
  /** Number of channels: 1 is grey, 3 is RGB, 4 is RGB and alpha. With 1 and 3, transparent pixels are blended with `background`. @default 3 */
  readonly channels?: 1 | 3 | 4;
  /** Order of the dimensions after the batch: channels first or last. @default 'NCHW' */
  readonly layout?: 'NCHW' | 'NHWC';
  /** Value = (byte × scale − mean) ÷ std. @default 1/255 */
  readonly scale?: number;
  /** One number, or one for each channel. @default 0 */
  readonly mean?: number | readonly number[];
  /** One number other than 0, or one for each channel. @default 1 */
  readonly std?: number | readonly number[];
  /** How a picture of another aspect ratio is fitted: stretched, padded or cut. @default 'fill' */
  readonly fit?: 'fill' | 'contain' | 'cover';
  /** Exchanges light and dark. Set it for dark ink on light paper if the model expects light on dark. @default false */
  readonly invert?: boolean;
  /** Colour of padding, and behind transparent pixels. @default '#000' ('#fff' with `invert`) */
  readonly background?: string;
  /**
   * Formats that are accepted. An SVG is a program that draws, and a small one can take seconds, so accept it only from sources that you trust.
   * @default all but 'svg'
   */
  readonly formats?: readonly ImageFormat[];
  /**
   * Largest number of pixels. A larger picture is refused before it is decoded. A pixel counts once for each time that the decoder processes it: once
   * for each scan of a progressive JPEG, 7 times in an interlaced PNG and in a GIF, 8 times in an AVIF.
   * @default 128,000,000
   */
  readonly maxPixels?: number;
  /** How long decoding may take. The limit is checked between parts of the work. @default '10s' */
  readonly timeout?: Duration;
}

/** Options of {@link read}, as those of {@link decode}. */
export type ReadOptions = Pick<DecodeOptions, 'channels' | 'background' | 'formats' | 'maxPixels' | 'timeout'>;

/** What is decoded at all. */
export type ImageLimits = Required<Pick<DecodeValues, 'formats' | 'maxPixels' | 'timeout'>>;

const oneOf = <const T extends string | number>(doc: string, values: readonly T[], fallback: T): OptionSpec<T> => ({
  doc,
  expected: `one of ${values.join(', ')}`,
  default: fallback,
  parse: (value) => values.find((each) => each === value),
});

const spec = {
  width: integer({ doc: 'Width of the result in pixels.', default: 0, min: 1, max: 16384 }),
  height: integer({ doc: 'Height of the result in pixels.', default: 0, min: 1, max: 16384 }),
  channels: oneOf('Channels of the result.', [1, 3, 4], 3),
  layout: oneOf('Order of the dimensions after the batch.', ['NCHW', 'NHWC'], 'NCHW'),
  scale: {
    doc: 'Factor of a byte.',
    expected: 'a number',
    default: 1 / 255,
    parse: (value) => (isNumber(value) ? value : undefined),
  } as OptionSpec<number>,
  mean: meanOption(0),
  std: stdOption(1),
  fit: oneOf('How another aspect ratio is handled.', ['fill', 'contain', 'cover'], 'fill'),
  invert: {
    doc: 'Swaps light and dark.',
    expected: 'true or false',
    default: false,
    parse: (value) => (typeof value === 'boolean' ? value : undefined),
  } as OptionSpec<boolean>,
  background: {
    doc: 'Colour of padding, and behind transparent pixels.',
    expected: 'a CSS colour',
    default: undefined,
    parse: (value) => (typeof value === 'string' ? value : undefined),
  } as OptionSpec<string | undefined>,
  formats: {
    doc: 'Formats that are accepted.',
    expected: `a list of ${imageFormats.join(', ')}`,
    default: imageFormats.filter((format) => format !== 'svg'),
    parse: (value) =>
      Array.isArray(value) && value.length > 0 && value.every((each) => imageFormats.includes(each)) ? value : undefined,
  } as OptionSpec<readonly ImageFormat[]>,
  maxPixels: integer({
    doc: 'The largest number of pixels. A pixel counts once for each time that the decoder processes it.',
    default: 128_000_000,
    min: 1,
  }),
  // sharp takes whole seconds.
  timeout: duration({ doc: 'How long decoding may take.', where: 'timeout', default: 10_000, min: 1000 }),
};

export type DecodeValues = ReturnType<typeof parseDecodeOptions>;

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_DURATION */
export function parseDecodeOptions(options: DecodeOptions) {
  const where = 'onnx.image.decode';
  const values = parseOptions(where, spec, (options ?? {}) as unknown as Readonly<Record<string, unknown>>);
  for (const option of ['width', 'height'] as const) {
    if (values[option] === 0) throw InvalidOption({ where, option, expected: spec[option].expected, value: 'nothing' });
  }
  const each = (option: 'mean' | 'std') => eachChannel(where, option, values[option], values.channels);
  return { ...values, mean: each('mean'), std: each('std') };
}

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_DURATION */
export function parseReadOptions(options: ReadOptions) {
  const { channels, background, formats, maxPixels, timeout } = spec;
  const own = { channels, background, formats, maxPixels, timeout };
  return parseOptions('onnx.image.read', own, options as Readonly<Record<string, unknown>>);
}
