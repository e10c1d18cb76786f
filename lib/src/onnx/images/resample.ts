import { premultiplied, straight } from './alpha.js';
import type { Pixels } from './pixels.js';
import { roundToEven } from './pixels.js';

/** A part of a picture, with edges that may lie between pixels. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

interface Filter {
  /** How far it reaches to each side, in source pixels if the picture is not made smaller. */
  readonly support: number;
  readonly at: (x: number) => number;
}

const cubic =
  (a: number) =>
  (value: number): number => {
    const x = Math.abs(value);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
  };
const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

/** The filters of Pillow (src/libImaging/Resample.c). */
const filters = {
  box: { support: 0.5, at: (x: number) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, at: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  hamming: {
    support: 1,
    at: (value: number) => {
      const x = Math.abs(value);
      if (x === 0) return 1;
      return x >= 1 ? 0 : sinc(x) * (Math.fround(0.54) + Math.fround(0.46) * Math.cos(x * Math.PI));
    },
  },
  bicubic: { support: 2, at: cubic(-0.5) },
  lanczos: { support: 3, at: (x: number) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
} satisfies Record<string, Filter>;

export type Kernel = 'nearest' | keyof typeof filters;
export const kernels: readonly Kernel[] = ['nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'];

/** For each pixel of a side of the result: the first source pixel, and the weights from there on. */
type Weights = readonly { readonly from: number; readonly weights: Float64Array }[];

/** The same, as integers. */
type FixedWeights = readonly { readonly from: number; readonly weights: Int32Array }[];

/** Bits after the point of Pillow's weights for pictures of bytes. A sum of them fits into 32 bits. */
const PRECISION = 22;
const HALF = 2 ** (PRECISION - 1);

/** Resizes a part of a picture with the arithmetic of Pillow, so that the bytes are the same. What is as large as before, and whole, stays as it is. */
export function resampleAsPillow(pixels: Pixels, width: number, height: number, kernel: Kernel, region: Region): Pixels {
  if (kernel === 'nearest') return nearest(pixels, width, height, region);
  const isWhole = (from: number, to: number, side: number, size: number) => from === 0 && to === side && side === size;
  const keepsColumns = isWhole(region.left, region.right, pixels.width, width);
  const keepsRows = isWhole(region.top, region.bottom, pixels.height, height);
  if (keepsColumns && keepsRows) return pixels;
  const fixed = (side: Weights): FixedWeights =>
    side.map(({ from, weights }) => ({
      from,
      weights: Int32Array.from(weights, (each) => Math.trunc(each * 2 ** PRECISION + (each < 0 ? -0.5 : 0.5))),
    }));
  const horizontal = fixed(pillowWeights(pixels.width, region.left, region.right, width, filters[kernel]));
  const vertical = fixed(pillowWeights(pixels.height, region.top, region.bottom, height, filters[kernel]));
  const hasAlpha = pixels.channels === 4;
  const given = hasAlpha ? premultiplied(pixels) : pixels;
  const wide = keepsColumns ? given : acrossRows(given, horizontal);
  const resized = keepsRows ? wide : acrossColumns(wide, vertical);
  return hasAlpha ? straight(resized) : resized;
}

/** Resizes as `torch.nn.functional.interpolate` without antialiasing: each new pixel looks at its nearest neighbours only. */
export function resampleAsTorch(pixels: Pixels, width: number, height: number, kernel: 'bilinear' | 'bicubic'): Pixels {
  const taps = (inSize: number, outSize: number): Weights =>
    kernel === 'bilinear' ? linearTaps(inSize, outSize) : cubicTaps(inSize, outSize);
  // Intermediate values are floats, and only the result is rounded.
  const { channels, data } = pixels;
  const across = taps(pixels.width, width);
  const down = taps(pixels.height, height);
  const out = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y += 1) {
    const row = down[y] as Weights[number];
    for (let x = 0; x < width; x += 1) {
      const column = across[x] as Weights[number];
      for (let c = 0; c < channels; c += 1) {
        let sum = 0;
        for (let i = 0; i < row.weights.length; i += 1) {
          const line = clampIndex(row.from + i, pixels.height) * pixels.width;
          let part = 0;
          for (let j = 0; j < column.weights.length; j += 1) {
            const at = (line + clampIndex(column.from + j, pixels.width)) * channels + c;
            part += (data[at] as number) * (column.weights[j] as number);
          }
          sum += part * (row.weights[i] as number);
        }
        out[(y * width + x) * channels + c] = clip(roundToEven(sum));
      }
    }
  }
  return { width, height, channels, data: out };
}

/** The two neighbours of each new position and their shares; half-pixel centres, cut at the edges. */
export function linearTaps(inSize: number, outSize: number): Weights {
  return Array.from({ length: outSize }, (_, i) => {
    const at = Math.max(0, (i + 0.5) * (inSize / outSize) - 0.5);
    const from = Math.min(Math.floor(at), inSize - 1);
    const share = from + 1 < inSize ? at - from : 0;
    return { from, weights: Float64Array.of(1 - share, share) };
  });
}

function cubicTaps(inSize: number, outSize: number): Weights {
  const at = cubic(-0.75);
  return Array.from({ length: outSize }, (_, i) => {
    const centre = (i + 0.5) * (inSize / outSize) - 0.5;
    const from = Math.floor(centre) - 1;
    return { from, weights: Float64Array.from({ length: 4 }, (_, j) => at(centre - from - j)) };
  });
}

function pillowWeights(inSize: number, start: number, end: number, outSize: number, { support, at }: Filter): Weights {
  const scale = (end - start) / outSize;
  const stretch = Math.max(1, scale);
  const reach = support * stretch;
  return Array.from({ length: outSize }, (_, i) => {
    const centre = start + (i + 0.5) * scale;
    const from = Math.max(0, Math.trunc(centre - reach + 0.5));
    const to = Math.min(inSize, Math.trunc(centre + reach + 0.5));
    const weights = Float64Array.from({ length: to - from }, (_, j) => at((j + from - centre + 0.5) / stretch));
    const total = weights.reduce((sum, each) => sum + each, 0);
    return { from, weights: total === 0 ? weights : weights.map((each) => each / total) };
  });
}

function acrossRows({ width, height, channels, data }: Pixels, columns: FixedWeights): Pixels {
  // A value beyond a byte's is cut by this kind of array.
  const out = new Uint8ClampedArray(columns.length * height * channels);
  const stride = columns.length * channels;
  for (const [x, { from, weights }] of columns.entries()) {
    for (let y = 0; y < height; y += 1) {
      const start = (y * width + from) * channels;
      const to = y * stride + x * channels;
      for (let c = 0; c < channels; c += 1) {
        let sum = HALF;
        for (let j = 0; j < weights.length; j += 1) sum += (data[start + j * channels + c] as number) * (weights[j] as number);
        out[to + c] = sum >> PRECISION;
      }
    }
  }
  return { width: columns.length, height, channels, data: new Uint8Array(out.buffer) };
}

function acrossColumns({ width, channels, data }: Pixels, rows: FixedWeights): Pixels {
  const stride = width * channels;
  const out = new Uint8ClampedArray(rows.length * stride);
  const sums = new Int32Array(stride);
  for (const [y, { from, weights }] of rows.entries()) {
    sums.fill(HALF);
    for (let j = 0; j < weights.length; j += 1) {
      const [start, weight] = [(from + j) * stride, weights[j] as number];
      for (let i = 0; i < stride; i += 1) sums[i] = (sums[i] as number) + (data[start + i] as number) * weight;
    }
    for (let i = 0; i < stride; i += 1) out[y * stride + i] = (sums[i] as number) >> PRECISION;
  }
  return { width, height: rows.length, channels, data: new Uint8Array(out.buffer) };
}

function nearest(
  { width: inWidth, height: inHeight, channels, data }: Pixels,
  width: number,
  height: number,
  region: Region,
): Pixels {
  // The positions are added up, as in Pillow, because a multiple of the step is rounded to another number.
  const indices = (size: number, from: number, to: number, limit: number) => {
    const step = (to - from) / size;
    let at = from + step * 0.5;
    return Array.from({ length: size }, () => {
      const index = clampIndex(Math.floor(at), limit);
      at += step;
      return index;
    });
  };
  const columns = indices(width, region.left, region.right, inWidth);
  const out = new Uint8Array(width * height * channels);
  let at = 0;
  for (const y of indices(height, region.top, region.bottom, inHeight)) {
    for (const x of columns) {
      const start = (y * inWidth + x) * channels;
      for (let c = 0; c < channels; c += 1) out[at + c] = data[start + c] as number;
      at += channels;
    }
  }
  return { width, height, channels, data: out };
}

const clampIndex = (index: number, size: number): number => Math.min(Math.max(index, 0), size - 1);
const clip = (value: number): number => Math.min(Math.max(value, 0), 255);
