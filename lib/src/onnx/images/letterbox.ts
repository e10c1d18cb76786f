import { InvalidOption, parseOptions } from '../../core/index.js';
import { checkPixels, type Pixels } from './pixels.js';
import { type Kernel, resampleAsPillow } from './resample.js';
import { colourOf, colourOption, containedSize, kernelOption, paste, side, switchOption, wholeOf } from './resize.js';

/** Where a picture lies in its letterbox: a point of the box is `point of the picture × scale + left (or top)`. */
export interface Geometry {
  /** Pixels of the box per pixel of the picture, which differ by rounding. */
  readonly scaleX: number;
  readonly scaleY: number;
  /** Width of the padding in pixels of the box. */
  readonly left: number;
  readonly top: number;
  /** Size of the picture before it was resized, in pixels. */
  readonly width: number;
  readonly height: number;
}

/** A box by its corners, in pixels. */
export interface Box {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** Options of {@link letterbox}. */
export interface LetterboxOptions {
  /** Size of the result in pixels. */
  readonly width: number;
  readonly height: number;
  /** Colour of the padding, a number from 0 to 255 for each channel. @default 114, YOLO's grey */
  readonly background?: readonly number[];
  /** @default 'bilinear' */
  readonly kernel?: Kernel;
  /** False: the padding is at the right and at the bottom only. @default true */
  readonly centre?: boolean;
}

const YOLO_GREY = 114;
const spec = {
  width: side('Width of the result in pixels.'),
  height: side('Height of the result in pixels.'),
  background: colourOption('Colour of the padding.'),
  kernel: kernelOption,
  centre: switchOption('Whether the padding is on both sides.', true),
};

/**
 * Resizes a picture into a box without changing its aspect ratio, and pads the rest. With the geometry, {@link fromLetterbox} brings boxes that a model
 * has found back to the picture.
 * @throws NBS_IMAGE_NOT_PIXELS, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
 */
export function letterbox(pixels: Pixels, options: LetterboxOptions): { readonly pixels: Pixels; readonly geometry: Geometry } {
  checkPixels(pixels);
  const where = 'onnx.image.letterbox';
  const values = parseOptions(where, spec, (options ?? {}) as unknown as Readonly<Record<string, unknown>>);
  for (const option of ['width', 'height'] as const)
    if (values[option] === 0) throw InvalidOption({ where, option, expected: spec[option].expected, value: 'nothing' });
  const { width, height, kernel, centre } = values;
  const inner = containedSize(pixels, width, height);
  const [left, top] = centre ? [Math.floor((width - inner.width) / 2), Math.floor((height - inner.height) / 2)] : [0, 0];
  const grey = Array.from({ length: pixels.channels }, (_, i) => (i === 3 ? 255 : YOLO_GREY));
  const background = values.background === undefined ? grey : colourOf(values.background, pixels.channels);
  const small = resampleAsPillow(pixels, inner.width, inner.height, kernel, wholeOf(pixels));
  return {
    pixels: paste(small, { width, height, left, top }, background),
    geometry: {
      scaleX: inner.width / pixels.width,
      scaleY: inner.height / pixels.height,
      left,
      top,
      width: pixels.width,
      height: pixels.height,
    },
  };
}

/** A box of the letterbox in pixels of the picture, cut at the picture's edges. Other members of the box stay as they are. */
export function fromLetterbox<B extends Box>(box: B, { scaleX, scaleY, left, top, width, height }: Geometry): B {
  const x = (value: number) => Math.min(Math.max((value - left) / scaleX, 0), width);
  const y = (value: number) => Math.min(Math.max((value - top) / scaleY, 0), height);
  return { ...box, x1: x(box.x1), y1: y(box.y1), x2: x(box.x2), y2: y(box.y2) };
}
