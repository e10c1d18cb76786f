import { createRequire } from 'node:module';
import type * as Sharp from 'sharp';
import { InvalidImage } from './errors.js';
import type { Tensor } from './types.js';

/** Options of {@link decode}. */
export interface DecodeOptions {
  /** Size of the result in pixels. */
  readonly width: number;
  readonly height: number;
  /** 1: grey, 3: RGB, 4: RGB and alpha. Transparency is laid over `background` unless it is 4. @default 3 */
  readonly channels?: 1 | 3 | 4;
  /** Order of the dimensions after the batch: channels first or last. @default 'NCHW' */
  readonly layout?: 'NCHW' | 'NHWC';
  /** Value = (byte × scale − mean) ÷ std. @default 1/255 */
  readonly scale?: number;
  /** One number, or one for each channel. @default 0 */
  readonly mean?: number | readonly number[];
  /** One number, or one for each channel. @default 1 */
  readonly std?: number | readonly number[];
  /** How another aspect ratio is handled: stretched, padded or cut. @default 'fill' */
  readonly fit?: 'fill' | 'contain' | 'cover';
  /** Swaps light and dark, for dark ink on light paper. @default false */
  readonly invert?: boolean;
  /** Colour of padding and behind transparency. @default '#000' ('#fff' with `invert`) */
  readonly background?: string;
}

let loaded: ((input: Uint8Array | Buffer, options?: Sharp.SharpOptions) => Sharp.Sharp) | undefined;
/** sharp, loaded when it is first needed. */
export function sharp(): NonNullable<typeof loaded> {
  loaded ??= createRequire(import.meta.url)('sharp') as NonNullable<typeof loaded>;
  return loaded;
}

/**
 * Decodes an image (JPEG, PNG, WebP, GIF, AVIF, TIFF, SVG) into a float32 tensor of one row, `[1, channels, height, width]` by default, turned as its EXIF says.
 * @throws NBS_IMAGE_INVALID
 */
export async function decode(bytes: Uint8Array | ArrayBuffer, options: DecodeOptions): Promise<Tensor<'float32'>> {
  const { width, height, channels = 3, layout = 'NCHW', scale = 1 / 255, fit = 'fill', invert = false } = options;
  const input = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
  if (input.byteLength === 0) throw InvalidImage({ reason: 'there are no bytes' });
  const background = options.background ?? (invert ? '#fff' : '#000');
  let pixels: Uint8Array;
  try {
    let image = sharp()(input).rotate();
    image = channels === 4 ? image.ensureAlpha() : image.flatten({ background });
    if (invert) image = image.negate({ alpha: false });
    image = image.resize(width, height, { fit, background: invert ? '#000' : background });
    image = channels === 1 ? image.toColourspace('b-w') : image.toColourspace('srgb');
    pixels = await image.raw().toBuffer();
  } catch (error) {
    throw InvalidImage({ reason: (error as Error).message }, error);
  }
  if (pixels.length !== width * height * channels)
    throw InvalidImage({ reason: `it has ${pixels.length / (width * height)} channels, not ${channels}` });
  const means = perChannel(options.mean ?? 0, channels);
  const stds = perChannel(options.std ?? 1, channels);
  const data = new Float32Array(pixels.length);
  const area = width * height;
  for (let i = 0; i < pixels.length; i++) {
    const channel = i % channels;
    const at = layout === 'NHWC' ? i : channel * area + (i - channel) / channels;
    data[at] = ((pixels[i] as number) * scale - (means[channel] as number)) / (stds[channel] as number);
  }
  return { type: 'float32', dims: layout === 'NHWC' ? [1, height, width, channels] : [1, channels, height, width], data };
}

function perChannel(value: number | readonly number[], channels: number): readonly number[] {
  return typeof value === 'number' ? new Array<number>(channels).fill(value) : value;
}
