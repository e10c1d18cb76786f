import { InvalidOption, integer, type OptionSpec, parseOptions } from '../../core/index.js';
import { checkPixels, type Pixels, roundToEven } from './pixels.js';
import { type Kernel, kernels, type Region, resampleAsPillow, resampleAsTorch } from './resample.js';

export type Fit = 'fill' | 'cover' | 'contain';

/** Options of {@link resize}. */
export interface ResizeOptions {
  /** Size of the result in pixels. If only one is given, the aspect ratio is kept. */
  readonly width?: number;
  readonly height?: number;
  /** Length of the shorter side of the result in pixels, instead of `width` and `height`. The aspect ratio is kept. */
  readonly shortestEdge?: number;
  /**
   * How new pixels are computed. The results are those of Pillow, byte for byte.
   * @default 'bilinear'
   */
  readonly kernel?: Kernel;
  /**
   * False: `bilinear` and `bicubic` look at the nearest pixels only, as torchvision does with `antialias=False`. Set it for a model that was trained so.
   * @default true
   */
  readonly antialias?: boolean;
  /** How another aspect ratio is fitted: stretched, cut around the centre (Pillow's `ImageOps.fit`), or padded (`ImageOps.pad`). @default 'fill' */
  readonly fit?: Fit;
  /** Colour of the padding, a number from 0 to 255 for each channel. @default black */
  readonly background?: readonly number[];
}

export const side = (doc: string): OptionSpec<number> => integer({ doc, default: 0, min: 1, max: 16384 });
export const kernelOption: OptionSpec<Kernel> = {
  doc: 'How new pixels are computed.',
  expected: `one of ${kernels.join(', ')}`,
  default: 'bilinear',
  parse: (value) => kernels.find((each) => each === value),
};
export const switchOption = (doc: string, fallback: boolean): OptionSpec<boolean> => ({
  doc,
  expected: 'true or false',
  default: fallback,
  parse: (value) => (typeof value === 'boolean' ? value : undefined),
});
export const colourOption = (doc: string): OptionSpec<readonly number[] | undefined> => ({
  doc,
  expected: 'an array of numbers from 0 to 255, one for each channel',
  default: undefined,
  parse: (value) =>
    Array.isArray(value) && value.every((each) => Number.isInteger(each) && each >= 0 && each <= 255) ? value : undefined,
});
const spec = {
  width: side('Width of the result in pixels.'),
  height: side('Height of the result in pixels.'),
  shortestEdge: side('Length of the shorter side in pixels.'),
  kernel: kernelOption,
  antialias: switchOption('Whether all pixels under a new one count.', true),
  fit: {
    doc: 'How another aspect ratio is handled.',
    expected: 'one of fill, cover, contain',
    default: 'fill',
    parse: (value) => (['fill', 'cover', 'contain'] as const).find((each) => each === value),
  } as OptionSpec<Fit>,
  background: colourOption('Colour of the padding.'),
};

/**
 * Resizes a picture: `resize(photo, { width: 512, height: 384, kernel: 'bicubic' })`.
 * @throws NBS_IMAGE_NOT_PIXELS, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
 */
export function resize(pixels: Pixels, options: ResizeOptions): Pixels {
  checkPixels(pixels);
  const values = parseOptions('onnx.image.resize', spec, (options ?? {}) as Readonly<Record<string, unknown>>);
  const { width, height } = sizeOf(pixels, values);
  const { fit, kernel, antialias } = values;
  if (!antialias && (kernel === 'bilinear' || kernel === 'bicubic')) {
    if (fit !== 'fill') throw invalid('fit', 'fill without antialiasing', fit);
    return resampleAsTorch(pixels, width, height, kernel);
  }
  if (fit === 'contain') {
    const inner = containedSize(pixels, width, height);
    const small = resampleAsPillow(pixels, inner.width, inner.height, kernel, wholeOf(pixels));
    const [left, top] = [roundToEven((width - inner.width) * 0.5), roundToEven((height - inner.height) * 0.5)];
    return paste(small, { width, height, left, top }, colourOf(values.background, pixels.channels));
  }
  const region = fit === 'cover' ? coveredRegion(pixels, width, height) : wholeOf(pixels);
  return resampleAsPillow(pixels, width, height, kernel, region);
}

/** The part of a size that is not given follows from the aspect ratio, as in torchvision: it is cut, not rounded. */
function sizeOf(pixels: Pixels, { width, height, shortestEdge }: { width: number; height: number; shortestEdge: number }) {
  if (shortestEdge > 0) {
    if (width > 0 || height > 0) throw invalid('shortestEdge', 'given without width and height', shortestEdge);
    const isWide = pixels.width > pixels.height;
    const long = Math.max(
      1,
      Math.floor((shortestEdge * Math.max(pixels.width, pixels.height)) / Math.min(pixels.width, pixels.height)),
    );
    return isWide ? { width: long, height: shortestEdge } : { width: shortestEdge, height: long };
  }
  if (width === 0 && height === 0)
    throw invalid('width', `${spec.width.expected}, unless height or shortestEdge is given`, 'nothing');
  const other = (known: number, from: number, to: number) => Math.max(1, Math.floor((known * to) / from));
  return {
    width: width === 0 ? other(height, pixels.height, pixels.width) : width,
    height: height === 0 ? other(width, pixels.width, pixels.height) : height,
  };
}

export const wholeOf = ({ width, height }: Pixels): Region => ({ left: 0, top: 0, right: width, bottom: height });

/** The part in the centre that has the aspect ratio of the result, as `PIL.ImageOps.fit` computes it. Its edges may lie between pixels. */
function coveredRegion({ width, height }: Pixels, toWidth: number, toHeight: number): Region {
  const [ratio, wanted] = [width / height, toWidth / toHeight];
  if (ratio === wanted) return { left: 0, top: 0, right: width, bottom: height };
  const [cutWidth, cutHeight] = ratio >= wanted ? [wanted * height, height] : [width, width / wanted];
  const [left, top] = [(width - cutWidth) * 0.5, (height - cutHeight) * 0.5];
  return { left, top, right: left + cutWidth, bottom: top + cutHeight };
}

/** The largest size with the picture's aspect ratio within the given one, as `PIL.ImageOps.contain` computes it. */
export function containedSize({ width, height }: Pixels, toWidth: number, toHeight: number) {
  const [ratio, wanted] = [width / height, toWidth / toHeight];
  if (ratio > wanted) return { width: toWidth, height: Math.max(1, roundToEven((height / width) * toWidth)) };
  if (ratio < wanted) return { width: Math.max(1, roundToEven((width / height) * toHeight)), height: toHeight };
  return { width: toWidth, height: toHeight };
}

export function colourOf(given: readonly number[] | undefined, channels: number): readonly number[] {
  if (given === undefined) return Array.from({ length: channels }, (_, i) => (i === 3 ? 255 : 0));
  if (given.length !== channels) throw invalid('background', `${channels} numbers`, given.length);
  return given;
}

interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
}

/** A picture on a canvas of one colour. What lies outside of the canvas is cut off. */
export function paste(pixels: Pixels, { width, height, left, top }: Canvas, colour: readonly number[]): Pixels {
  const { channels } = pixels;
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < data.length; i += 1) data[i] = colour[i % channels] as number;
  const [from, to] = [Math.max(0, left), Math.min(width, left + pixels.width)];
  for (let y = Math.max(0, top); y < Math.min(height, top + pixels.height) && from < to; y += 1) {
    const start = ((y - top) * pixels.width + from - left) * channels;
    data.set(pixels.data.subarray(start, start + (to - from) * channels), (y * width + from) * channels);
  }
  return { width, height, channels, data };
}

const cropSpec = {
  width: side('Width of the part in pixels.'),
  height: side('Height of the part in pixels.'),
  left: integer({ doc: 'Its left edge.', default: Number.MIN_SAFE_INTEGER, min: -16384, max: 16384 }),
  top: integer({ doc: 'Its top edge.', default: Number.MIN_SAFE_INTEGER, min: -16384, max: 16384 }),
};

/**
 * A part of a picture, in the centre if `left` and `top` are not given. What lies outside of the picture is black.
 * @throws NBS_IMAGE_NOT_PIXELS, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
 */
export function crop(
  pixels: Pixels,
  options: { readonly width: number; readonly height: number; readonly left?: number; readonly top?: number },
): Pixels {
  checkPixels(pixels);
  const values = parseOptions('onnx.image.crop', cropSpec, (options ?? {}) as Readonly<Record<string, unknown>>);
  for (const option of ['width', 'height'] as const)
    if (values[option] === 0) throw invalid(option, cropSpec[option].expected, 'nothing', 'onnx.image.crop');
  const edge = (given: number | undefined, inner: number, outer: number) => given ?? Math.floor((outer - inner) / 2);
  const left = edge(options.left, values.width, pixels.width);
  const top = edge(options.top, values.height, pixels.height);
  return paste(
    pixels,
    { width: values.width, height: values.height, left: -left, top: -top },
    colourOf(undefined, pixels.channels),
  );
}

const invalid = (option: string, expected: string, value: unknown, where = 'onnx.image.resize') =>
  InvalidOption({ where, option, expected, value: String(value) });
