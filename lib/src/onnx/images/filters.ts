import { InvalidOption } from '../../core/index.js';
import { checkPixels, type Pixels } from './pixels.js';

/** Weights of the neighbours and of the pixel itself in Pillow's `ImageFilter.SMOOTH`. */
const [NEIGHBOUR, CENTRE] = [1, 5];
const SUM = 8 * NEIGHBOUR + CENTRE;

/**
 * Changes the sharpness of a picture as Pillow's `ImageEnhance.Sharpness(image).enhance(factor)` does, byte for byte: 0 is a smoothed picture, 1 the
 * picture itself, and beyond 1 the difference of the two is added `factor − 1` times.
 * @throws NBS_IMAGE_NOT_PIXELS, NBS_INVALID_OPTION if the factor is not a number
 */
export function sharpen(pixels: Pixels, factor: number): Pixels {
  checkPixels(pixels);
  if (typeof factor !== 'number' || !Number.isFinite(factor))
    throw InvalidOption({ where: 'onnx.image.sharpen', option: 'factor', expected: 'a number', value: String(factor) });
  // Pillow's factor has single precision.
  const alpha = Math.fround(factor);
  const smooth = smoothed(pixels);
  const data = new Uint8Array(pixels.data.length);
  for (let i = 0; i < data.length; i += 1) {
    const isAlpha = pixels.channels === 4 && i % 4 === 3;
    const from = smooth[i] as number;
    const value = Math.fround(from + Math.fround(alpha * ((pixels.data[i] as number) - from)));
    data[i] = isAlpha ? (pixels.data[i] as number) : Math.min(Math.max(Math.trunc(value), 0), 255);
  }
  return { ...pixels, data };
}

/** `ImageFilter.SMOOTH`. The pixels at the edges stay as they are. */
function smoothed({ width, height, channels, data }: Pixels): Uint8Array {
  const out = Uint8Array.from(data);
  const stride = width * channels;
  for (let y = 1; y < height - 1; y += 1) {
    for (let at = y * stride + channels; at < (y + 1) * stride - channels; at += 1) {
      let sum = (CENTRE - NEIGHBOUR) * (data[at] as number);
      for (const row of [at - stride, at, at + stride])
        sum += (data[row - channels] as number) + (data[row] as number) + (data[row + channels] as number);
      out[at] = Math.floor(sum / SUM + 0.5);
    }
  }
  return out;
}

/** The picture in shades of grey, with one channel, as Pillow's `convert('L')`: 0.299 red + 0.587 green + 0.114 blue. @throws NBS_IMAGE_NOT_PIXELS */
export function grey(pixels: Pixels): Pixels {
  checkPixels(pixels);
  const { width, height, channels, data } = pixels;
  if (channels === 1) return pixels;
  const out = new Uint8Array(width * height);
  for (let i = 0; i < out.length; i += 1) {
    const at = i * channels;
    const sum = 19595 * (data[at] as number) + 38470 * (data[at + 1] as number) + 7471 * (data[at + 2] as number);
    out[i] = (sum + 0x8000) >>> 16;
  }
  return { width, height, channels: 1, data: out };
}
