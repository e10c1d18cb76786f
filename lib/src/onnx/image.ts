import { createRequire } from 'node:module';
import { types } from 'node:util';
import type * as Sharp from 'sharp';
import { aboutInput, InvalidOption, imageThreads, type NbserveError } from '../core/index.js';
import { ImageNotBytes, ImageTooLarge, InvalidImage } from './errors.js';
import { pixelsToDecode } from './image-header.js';
import { type DecodeOptions, type DecodeValues, type ImageFormat, parseDecodeOptions } from './image-options.js';
import type { Tensor } from './types.js';

type SharpModule = ((input?: Uint8Array | Sharp.SharpOptions, options?: Sharp.SharpOptions) => Sharp.Sharp) &
  Pick<typeof Sharp, 'concurrency'>;
let loaded: SharpModule | undefined;
/** Loads sharp for the first image. It must only get bytes, because it reads a text as the path of a file. */
function sharp(): SharpModule {
  loaded ??= loadSharp();
  return loaded;
}

function loadSharp(): SharpModule {
  const module = createRequire(import.meta.url)('sharp') as SharpModule;
  // With glibc, sharp sets the number of threads to 1 when it is loaded, whatever the environment says.
  const threads = imageThreads();
  if (threads !== undefined) module.concurrency(threads);
  return module;
}

/**
 * Decodes an image (JPEG, PNG, WebP, GIF, AVIF, TIFF; SVG if `formats` says so) into a float32 tensor of one row, `[1, channels, height, width]` by
 * default, rotated as its EXIF says. If the file has several pictures, the first is decoded.
 * @param bytes the bytes of the file; {@link fromBase64} makes them from base64 and from data URLs
 * @throws NBS_IMAGE_INVALID, NBS_IMAGE_TOO_LARGE, NBS_IMAGE_NOT_BYTES; if your code does not catch one, the HTTP client gets its status (415, 413, 400).
 * NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_DURATION
 */
export async function decode(bytes: Uint8Array | ArrayBuffer, options: DecodeOptions): Promise<Tensor<'float32'>> {
  const values = parseDecodeOptions(options);
  const { width, height, channels, layout, scale, invert, mean, std } = values;
  const pixels = await decodePixels(bytesOf(bytes), values);
  const data = new Float32Array(pixels.length);
  const area = width * height;
  for (let i = 0; i < pixels.length; i += 1) {
    const channel = i % channels;
    const at = layout === 'NHWC' ? i : channel * area + (i - channel) / channels;
    // It is inverted here, because sharp would also invert the padding.
    const byte = invert && channel !== 3 ? 255 - (pixels[i] as number) : (pixels[i] as number);
    data[at] = (byte * scale - (mean[channel] as number)) / (std[channel] as number);
  }
  return { type: 'float32', dims: layout === 'NHWC' ? [1, height, width, channels] : [1, channels, height, width], data };
}

async function decodePixels(input: Uint8Array, values: DecodeValues): Promise<Uint8Array> {
  const { width, height, channels, fit, invert, formats, maxPixels, timeout } = values;
  const background = values.background ?? (invert ? '#fff' : '#000');
  checkColour(background);
  const refused = (reason: string, cause?: unknown): NbserveError =>
    aboutInput(InvalidImage({ reason, valid: formats.map((format) => NAMES[format]).join(', ') }, cause));
  if (input.byteLength === 0) throw refused('there are no bytes');
  const image = sharp()(input, { limitInputPixels: maxPixels });
  const header = await image.metadata().catch((error: unknown) => {
    throw isTooLarge(error)
      ? tooLarge(`it has more than ${maxPixels} pixels (maxPixels)`, error)
      : refused((error as Error).message, error);
  });
  const format = header.format === 'heif' && header.compression === 'av1' ? 'avif' : header.format;
  if (!formats.some((each) => each === format)) throw refused(`it is ${format}, which is not taken here`);
  const work = pixelsToDecode(input, header);
  if (work > maxPixels) {
    const { width: w, height: h } = header;
    const times = work === w * h ? '' : `, which are gone over ${Math.round(work / (w * h))} times`;
    throw tooLarge(`${w} × ${h} pixels${times}; at most ${maxPixels} are decoded (maxPixels)`);
  }
  let pixels: Uint8Array;
  try {
    image.rotate().timeout({ seconds: Math.ceil(timeout / 1000) });
    if (channels === 4) image.ensureAlpha();
    else image.flatten({ background });
    image.resize(width, height, { fit, background }).toColourspace(channels === 1 ? 'b-w' : 'srgb');
    pixels = await image.raw().toBuffer();
  } catch (error) {
    const { message } = error as Error;
    if (isTooLarge(error)) throw tooLarge(`it has more than ${maxPixels} pixels (maxPixels)`, error);
    throw message.startsWith('timeout')
      ? tooLarge(`it was not decoded within ${timeout} ms (timeout)`, error)
      : refused(message, error);
  }
  if (pixels.length !== width * height * channels)
    throw refused(`it has ${pixels.length / (width * height)} channels, not ${channels}`);
  return pixels;
}

/** @throws NBS_IMAGE_NOT_BYTES */
function bytesOf(given: unknown): Uint8Array {
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (types.isAnyArrayBuffer(given)) return new Uint8Array(given);
  throw aboutInput(ImageNotBytes({ actual: describeValue(given) }));
}

function describeValue(given: unknown): string {
  if (given === null || given === undefined) return String(given);
  if (typeof given !== 'object') return `a ${typeof given}`;
  if (typeof (given as Partial<Blob>).arrayBuffer === 'function')
    return `a ${given.constructor.name}, whose bytes are await it.arrayBuffer()`;
  return Array.isArray(given) ? 'an array' : `a value of type ${given.constructor?.name ?? 'object'}`;
}

/** Checks a colour alone, so that a wrong colour is not reported as a wrong image. @throws NBS_INVALID_OPTION */
function checkColour(background: string): void {
  if (/^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(background)) return;
  try {
    sharp()({ create: { width: 1, height: 1, channels: 3, background } });
  } catch {
    throw InvalidOption({
      where: 'onnx.image.decode',
      option: 'background',
      expected: 'a CSS colour',
      value: JSON.stringify(background),
    });
  }
}

const isTooLarge = (error: unknown): boolean => (error as Error).message.includes('exceeds pixel limit');
const tooLarge = (reason: string, cause?: unknown): NbserveError => aboutInput(ImageTooLarge({ reason }, cause));

const NAMES: { readonly [F in ImageFormat]: string } = {
  jpeg: 'JPEG',
  png: 'PNG',
  webp: 'WebP',
  gif: 'GIF',
  avif: 'AVIF',
  tiff: 'TIFF',
  svg: 'SVG',
};
