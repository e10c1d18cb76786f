import { InvalidOption, shownValue } from '../../core/index.js';
import { pictureSlots } from '../slots.js';
import { checkPixels, type Pixels } from './pixels.js';
import { sharp } from './sharp.js';

/** Options of {@link encode} and {@link respond}. */
export interface EncodeOptions {
  /** @default 'jpeg' */
  readonly format?: 'jpeg' | 'png' | 'webp';
  /** From 1 to 100, for JPEG and WebP. @default 80 */
  readonly quality?: number;
}

/** The bytes of a file with this picture. @throws NBS_IMAGE_NOT_PIXELS, NBS_INVALID_OPTION */
export async function encode(pixels: Pixels, options: EncodeOptions = {}): Promise<Uint8Array> {
  checkPixels(pixels);
  const { format = 'jpeg', quality = 80 } = options;
  const invalid = (option: string, expected: string, value: unknown) =>
    InvalidOption({ where: 'onnx.image.encode', option, expected, value: shownValue(value) });
  if (!['jpeg', 'png', 'webp'].includes(format)) throw invalid('format', 'one of jpeg, png, webp', format);
  if (!(Number.isInteger(quality) && quality >= 1 && quality <= 100))
    throw invalid('quality', 'an integer from 1 to 100', quality);
  const { width, height, channels, data } = pixels;
  const image = sharp()(data, { raw: { width, height, channels } });
  // A picture with one channel would be stored as RGB without this.
  if (channels === 1) image.toColourspace('b-w');
  image.toFormat(format, format === 'png' ? {} : { quality });
  return new Uint8Array(await pictureSlots.within(() => image.toBuffer()));
}

/** A reply with this picture, which a browser shows instead of storing it: `image/jpeg`, inline. @throws NBS_IMAGE_NOT_PIXELS, NBS_INVALID_OPTION */
export async function respond(pixels: Pixels, options: EncodeOptions = {}): Promise<Response> {
  const bytes = await encode(pixels, options);
  const headers = { 'content-type': `image/${options.format ?? 'jpeg'}`, 'content-disposition': 'inline' };
  return new Response(bytes as Uint8Array<ArrayBuffer>, { headers });
}
