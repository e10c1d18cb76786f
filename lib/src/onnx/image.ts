import { createRequire } from 'node:module';
import type * as Sharp from 'sharp';
import { imageThreads } from '../core/index.js';
import { InvalidImage } from './errors.js';
import { type DecodeOptions, parseDecodeOptions } from './image-options.js';
import type { Tensor } from './types.js';

type SharpModule = ((input: Uint8Array | Buffer, options?: Sharp.SharpOptions) => Sharp.Sharp) &
  Pick<typeof Sharp, 'concurrency'>;
let loaded: SharpModule | undefined;
/** sharp, loaded with the first image. */
function sharp(input: Uint8Array): Sharp.Sharp {
  loaded ??= loadSharp();
  return loaded(input);
}

function loadSharp(): SharpModule {
  const module = createRequire(import.meta.url)('sharp') as SharpModule;
  // With glibc sharp sets it to 1 when it is loaded, whatever the environment says.
  const threads = imageThreads();
  if (threads !== undefined) module.concurrency(threads);
  return module;
}

/**
 * Decodes an image (JPEG, PNG, WebP, GIF, AVIF, TIFF, SVG) into a float32 tensor of one row, `[1, channels, height, width]` by default, turned as its EXIF says.
 * @throws NBS_IMAGE_INVALID
 */
export async function decode(bytes: Uint8Array | ArrayBuffer, options: DecodeOptions): Promise<Tensor<'float32'>> {
  const { width, height, channels, layout, scale, fit, invert, mean, std, ...rest } = parseDecodeOptions(options);
  const input = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
  if (input.byteLength === 0) throw InvalidImage({ reason: 'there are no bytes' });
  const background = rest.background ?? (invert ? '#fff' : '#000');
  let pixels: Uint8Array;
  try {
    let image = sharp(input).rotate();
    image = channels === 4 ? image.ensureAlpha() : image.flatten({ background });
    image = image.resize(width, height, { fit, background }).toColourspace(channels === 1 ? 'b-w' : 'srgb');
    pixels = await image.raw().toBuffer();
  } catch (error) {
    throw InvalidImage({ reason: (error as Error).message }, error);
  }
  if (pixels.length !== width * height * channels) {
    throw InvalidImage({ reason: `it has ${pixels.length / (width * height)} channels, not ${channels}` });
  }
  const data = new Float32Array(pixels.length);
  const area = width * height;
  for (let i = 0; i < pixels.length; i++) {
    const channel = i % channels;
    const at = layout === 'NHWC' ? i : channel * area + (i - channel) / channels;
    // Inverted here and not by sharp, which would also invert the padding.
    const byte = invert && channel !== 3 ? 255 - (pixels[i] as number) : (pixels[i] as number);
    data[at] = (byte * scale - (mean[channel] as number)) / (std[channel] as number);
  }
  return { type: 'float32', dims: layout === 'NHWC' ? [1, height, width, channels] : [1, channels, height, width], data };
}
