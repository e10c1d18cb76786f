import { aboutInput, InvalidOption, type NbserveError, shownValue } from '../core/index.js';
import { ImageTooLarge, InvalidImage } from './errors.js';
import { pixelsToDecode } from './image-header.js';
import {
  type DecodeOptions,
  type ImageFormat,
  type ImageLimits,
  parseDecodeOptions,
  parseReadOptions,
  type ReadOptions,
} from './image-options.js';
import { bytesOf } from './images/bytes.js';
import type { Pixels } from './images/pixels.js';
import { sharp } from './images/sharp.js';
import { pictureSlots } from './slots.js';
import type { Tensor } from './types.js';

/**
 * Decodes an image (JPEG, PNG, WebP, GIF, AVIF, TIFF; SVG if `formats` says so) into a float32 tensor of one row, `[1, channels, height, width]` by
 * default, rotated as its EXIF says. If the file has several pictures, the first is decoded.
 * @param bytes the bytes of the file; {@link fromBase64} makes them from base64 and from data URLs
 * @throws NBS_IMAGE_INVALID, NBS_IMAGE_TOO_LARGE, NBS_IMAGE_NOT_BYTES; if your code does not catch one, the HTTP client gets its status (415, 413, 400).
 * NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_DURATION
 */
export async function decode(bytes: Uint8Array | ArrayBuffer, options: DecodeOptions): Promise<Tensor<'float32'>> {
  const values = parseDecodeOptions(options);
  const { width, height, channels, layout, fit, scale, invert, mean, std } = values;
  const { data: pixels } = await decodePixels(bytesOf(bytes, 'onnx.image.decode'), values, { width, height, fit });
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

/**
 * Decodes an image (JPEG, PNG, WebP, GIF, AVIF, TIFF; SVG if `formats` says so) in its own size, rotated as its EXIF says. If the file has several
 * pictures, the first is decoded.
 * @param bytes the bytes of the file; {@link fromBase64} makes them from base64 and from data URLs
 * @throws NBS_IMAGE_INVALID, NBS_IMAGE_TOO_LARGE, NBS_IMAGE_NOT_BYTES; if your code does not catch one, the HTTP client gets its status (415, 413, 400).
 * NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_DURATION
 */
export async function read(bytes: Uint8Array | ArrayBuffer, options: ReadOptions = {}): Promise<Pixels> {
  const values = parseReadOptions(options);
  return await decodePixels(bytesOf(bytes, 'onnx.image.read'), { ...values, invert: false }, null);
}

interface Wanted extends ImageLimits {
  readonly channels: 1 | 3 | 4;
  readonly invert: boolean;
  readonly background?: string | undefined;
}

interface Size {
  readonly width: number;
  readonly height: number;
  readonly fit: 'fill' | 'contain' | 'cover';
}

/** @param size the size of the result; null if the picture keeps its own */
async function decodePixels(input: Uint8Array, values: Wanted, size: Size | null): Promise<Pixels> {
  const { channels, invert, formats, maxPixels, timeout } = values;
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
  try {
    image.rotate().timeout({ seconds: Math.ceil(timeout / 1000) });
    if (channels === 4) image.ensureAlpha();
    else image.flatten({ background });
    if (size !== null) image.resize(size.width, size.height, { fit: size.fit, background });
    image.toColourspace(channels === 1 ? 'b-w' : 'srgb');
    // A picture of 16 bits would come out as such without this.
    const { data, info } = await inTime(timeout, (begin) =>
      pictureSlots.within(() => {
        begin();
        return image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
      }),
    );
    if (info.channels !== channels) throw new Error(`it has ${info.channels} channels, not ${channels}`);
    return { width: info.width, height: info.height, channels, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
  } catch (error) {
    const { message } = error as Error;
    if (isTooLarge(error)) throw tooLarge(`it has more than ${maxPixels} pixels (maxPixels)`, error);
    throw message.startsWith('timeout')
      ? tooLarge(`it was not decoded within ${timeout} ms (timeout)`, error)
      : refused(message, error);
  }
}

/**
 * Fails if `run` takes too long after it has called `begin`. The decoder looks at its own limit only when a part of the result is ready, which for a small
 * result of a large picture is the end. It then goes on in its thread, and keeps its slot, but nobody waits for it.
 */
async function inTime<T>(timeoutMs: number, run: (begin: () => void) => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let fail: (error: Error) => void = () => {};
  const late = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const work = run(() => {
    timer = setTimeout(() => fail(new Error('timeout')), timeoutMs);
  });
  // `race` also takes the failure of the one that comes second.
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
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
      value: shownValue(background),
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
