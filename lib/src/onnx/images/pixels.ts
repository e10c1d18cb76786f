import { aboutInput } from '../../core/index.js';
import { ImageNotPixels } from '../errors.js';

/**
 * A picture in memory: a plain object, which can be sent by handle as it is. `data` has a byte for each channel of each pixel, row by row from the
 * top left; with 3 channels they are red, green and blue, with 4 also alpha (255 is opaque), with 1 grey.
 */
export interface Pixels {
  /** Size in pixels. */
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly data: Uint8Array;
}

/** The class of each pixel, row by row from the top left. */
export interface LabelMap {
  /** Size in pixels. */
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint16Array;
}

/** @throws NBS_IMAGE_NOT_PIXELS */
export function checkPixels(given: unknown): asserts given is Pixels {
  checkSize(given);
  const { width, height, channels, data } = given as { width: number; height: number; channels: unknown; data: unknown };
  if (channels !== 1 && channels !== 3 && channels !== 4) throw refused(`channels is ${String(channels)}, not 1, 3 or 4`);
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) throw refused('data is not a Uint8Array');
  const length = width * height * channels;
  if (data.length !== length) throw refused(`data has ${data.length} bytes; ${width} × ${height} × ${channels} are ${length}`);
}

/** @throws NBS_IMAGE_NOT_PIXELS */
export function checkLabels(given: unknown): asserts given is LabelMap {
  checkSize(given);
  const { width, height, data } = given as LabelMap;
  if (!(data instanceof Uint8Array || data instanceof Uint16Array)) throw refused('data is not a Uint8Array or Uint16Array');
  if (data.length !== width * height) throw refused(`data has ${data.length} labels; ${width} × ${height} are ${width * height}`);
}

function checkSize(given: unknown): asserts given is object {
  if (typeof given !== 'object' || given === null)
    throw refused(`it is ${given === null || given === undefined ? given : `a ${typeof given}`}`);
  if (ArrayBuffer.isView(given)) throw refused('it is bytes; onnx.image.read decodes the bytes of a file');
  for (const side of ['width', 'height'] as const) {
    const value = (given as Partial<Pixels>)[side];
    if (!Number.isSafeInteger(value) || (value as number) < 1)
      throw refused(`${side} is ${String(value)}, not a positive integer`);
  }
}

const refused = (reason: string) => aboutInput(ImageNotPixels({ reason }));

/** Rounds to the nearest integer, ties to the even one, as Python and torch do. */
export function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}
