import { InvalidOption, integer, type OptionSpec, parseOptions } from '../core/index.js';
import { MNIST_SIDE, toDigits } from './digit-values.js';
import { Picture } from './picture.js';
import { encodePng } from './png.js';

/** Options of {@link showDigits}. */
export interface DigitsOptions {
  /** A text under each image, of the characters 0 to 9, `?`, `-`, `>`, `!`, `.`, `%`. @default none */
  readonly labels?: readonly (string | number)[];
  /** True for each image that is drawn in red, e.g. the wrong ones. @default none */
  readonly marked?: readonly boolean[];
  /** Number of images in a row. @default 10 */
  readonly columns?: number;
  /** Width and height of one pixel of an image, in pixels of the sheet. @default 2 */
  readonly scale?: number;
}

const GAP = 4;
/** Height of the text under a digit, in dots. */
const TEXT = 5;
type Colour = readonly [number, number, number];
const PAPER: Colour = [255, 255, 255];
const INK: Colour = [40, 40, 40];
const RED: Colour = [214, 39, 40];
/** Glyphs of 3×5 dots, row by row. They are part of this file because a machine may have no fonts. */
const glyphs: Readonly<Record<string, string>> = {
  '0': '111101101101111',
  '1': '010110010010111',
  '2': '111001111100111',
  '3': '111001111001111',
  '4': '101101111001001',
  '5': '111100111001111',
  '6': '111100111101111',
  '7': '111001001010010',
  '8': '111101111101111',
  '9': '111101111001111',
  '?': '111001011000010',
  '-': '000000111000000',
  '>': '100010001010100',
  '!': '010010010000010',
  '.': '000000000000010',
  '%': '101001010100101',
};

const list = <T>(doc: string, what: string, test: (value: unknown) => boolean): OptionSpec<readonly T[] | undefined> => ({
  doc,
  expected: `an array of ${what}`,
  default: undefined,
  parse: (value) => (Array.isArray(value) && value.every(test) ? (value as T[]) : undefined),
});
const OPTIONS = {
  labels: list<string | number>(
    'Text under each digit.',
    'texts and numbers',
    (value) => typeof value === 'string' || typeof value === 'number',
  ),
  marked: list<boolean>('Digits that stand out.', 'booleans', (value) => typeof value === 'boolean'),
  columns: integer({ doc: 'Digits in a row.', default: 10, min: 1, max: 1000 }),
  scale: integer({ doc: "Size of an image's pixel; 0 is 5 for one digit, 2 for many.", default: 0, min: 1, max: 64 }),
};
/** A larger picture would take over 256 MB. */
const MAX_PIXELS = 85_000_000;

/**
 * Makes a picture of one digit, or of many on a sheet with labels. Each image has 784 values from 0 (black) to 255 (white), row by row.
 * @throws NBS_DATA_INVALID, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
 */
export function showDigits(images: ArrayLike<number> | readonly ArrayLike<number>[], options: DigitsOptions = {}): Picture {
  const { labels, marked, ...values } = parseOptions('showDigits', OPTIONS, options as Readonly<Record<string, unknown>>);
  const many = toDigits(images);
  const scale = values.scale === 0 ? (many.length === 1 ? 5 : 2) : values.scale;
  const columns = Math.max(1, Math.min(values.columns, many.length));
  const side = MNIST_SIDE * scale;
  const textHeight = labels === undefined ? 0 : (TEXT + 2) * scale;
  const [cellWidth, cellHeight] = [side + GAP, side + textHeight + GAP];
  const width = columns * cellWidth + GAP;
  const height = Math.max(1, Math.ceil(many.length / columns)) * cellHeight + GAP;
  if (width * height > MAX_PIXELS) {
    throw InvalidOption({
      where: 'showDigits',
      option: 'scale',
      expected: `small enough for a picture of ${MAX_PIXELS} pixels`,
      value: `${scale}, which makes ${width} × ${height} of ${many.length} digits`,
    });
  }
  const pixels = new Uint8Array(width * height * 3).fill(255);
  const dot = (x: number, y: number, size: number, [r, g, b]: Colour) => {
    for (let dy = 0; dy < size; dy += 1) {
      for (let dx = 0; dx < size; dx += 1) {
        if (x + dx < 0 || x + dx >= width) continue;
        pixels.set([r, g, b], 3 * ((y + dy) * width + x + dx));
      }
    }
  };
  for (const [i, image] of Array.from(many).entries()) {
    const left = GAP + (i % columns) * cellWidth;
    const top = GAP + Math.floor(i / columns) * cellHeight;
    const ink = marked?.[i] === true ? RED : INK;
    for (let at = 0; at < image.length; at += 1) {
      const grey = image[at] as number;
      dot(
        left + (at % MNIST_SIDE) * scale,
        top + Math.floor(at / MNIST_SIDE) * scale,
        scale,
        marked?.[i] === true ? [Math.max(grey, 120), grey * 0.75, grey * 0.75] : [grey, grey, grey],
      );
    }
    const text = String(labels?.[i] ?? '');
    let x = left + Math.floor((side - (text.length * 4 - 1) * scale) / 2);
    for (const letter of text) {
      for (const [at, on] of [...(glyphs[letter] ?? '')].entries())
        dot(x + (at % 3) * scale, top + side + scale + Math.floor(at / 3) * scale, scale, on === '1' ? ink : PAPER);
      x += 4 * scale;
    }
  }
  return new Picture(encodePng(pixels, width, height, 3), width, height);
}

/**
 * The bytes of a PNG of one digit, 28×28 pixels, as a client would upload it. The image has 784 values from 0 (black) to 255 (white), row by row.
 * @throws NBS_DATA_INVALID
 */
export function digitPng(image: ArrayLike<number>): Uint8Array {
  const [digit] = toDigits([image]) as [ArrayLike<number>];
  return encodePng(Uint8Array.from(digit, Math.round), MNIST_SIDE, MNIST_SIDE, 1);
}
