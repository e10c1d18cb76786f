import { mixBits } from '../core/index.js';
import type { Feature } from './features.js';

/**
 * How the values of each feature are put into bins. Bin 0 has the missing values. A number is in bin b + 1 if it is above the first b thresholds;
 * a category is in the bin after its number.
 */
export interface Bins {
  /** For each feature, the thresholds between its bins, growing; null for a feature of categories. A value at a threshold is below it. */
  readonly thresholds: readonly (Float32Array | null)[];
  /** For each feature, the number of its bins with bin 0. */
  readonly counts: Uint16Array;
}

/** A column with more rows is sampled, because sorting it would take longer than a tree: one row at a random place of each stride, because rows may alternate. */
const SAMPLE_ROWS = 400_000;

export function makeBins(matrix: Float32Array, features: readonly Feature[], maxBin: number): Bins {
  const width = features.length;
  const rows = matrix.length / width;
  const stride = Math.max(1, Math.ceil(rows / SAMPLE_ROWS));
  const thresholds = features.map(({ categories }, at) => {
    if (categories !== undefined) return null;
    const values = new Float32Array(Math.ceil(rows / stride));
    let count = 0;
    for (let first = 0; first < rows; first += stride) {
      const row = first + (mixBits(first) % Math.min(stride, rows - first));
      const value = matrix[row * width + at] as number;
      if (!Number.isNaN(value)) values[count++] = value;
    }
    return thresholdsOf(values.subarray(0, count).sort(), maxBin);
  });
  const counts = features.map(({ categories }, at) => 1 + (categories?.length ?? (thresholds[at] as Float32Array).length + 1));
  return { thresholds, counts: Uint16Array.from(counts) };
}

/** At most `maxBin - 1` thresholds that give the bins about the same number of the sorted values. Equal values stay together. */
export function thresholdsOf(sorted: Float32Array, maxBin: number): Float32Array {
  const values = new Float32Array(sorted.length);
  const counts = new Uint32Array(sorted.length);
  let distinct = 0;
  for (let i = 0; i < sorted.length; i += 1) {
    const value = sorted[i] as number;
    // -0 and 0 are equal too.
    if (distinct === 0 || value !== values[distinct - 1]) values[distinct++] = value;
    counts[distinct - 1] = (counts[distinct - 1] as number) + 1;
  }
  const found: number[] = [];
  let [inBin, left] = [0, sorted.length];
  for (let i = 0; i + 1 < distinct && found.length + 1 < maxBin; i += 1) {
    inBin += counts[i] as number;
    if (distinct > maxBin && inBin * (maxBin - found.length) < left) continue;
    found.push(between(values[i] as number, values[i + 1] as number));
    left -= inBin;
    inBin = 0;
  }
  return Float32Array.from(found);
}

/** A Float32 from `low` up to, but without, `high`: the middle, if there is one. */
function between(low: number, high: number): number {
  const middle = Math.fround(low / 2 + high / 2);
  return middle >= low && middle < high ? middle : low;
}

/** The bin of each value, row after row. */
export function binRows(matrix: Float32Array, { thresholds, counts }: Bins): Uint8Array {
  const width = counts.length;
  const bins = new Uint8Array(matrix.length);
  thresholds.forEach((limits, at) => {
    for (let i = at; i < matrix.length; i += width) {
      const value = matrix[i] as number;
      if (!Number.isNaN(value)) bins[i] = limits === null ? value + 1 : countBelow(limits, value) + 1;
    }
  });
  return bins;
}

/** How many thresholds are below the value. */
function countBelow(limits: Float32Array, value: number): number {
  let low = 0;
  // Without branches, which would be guessed wrong half of the time.
  for (let left = limits.length; left > 0; ) {
    const half = (left + 1) >> 1;
    low += half * Number((limits[low + half - 1] as number) < value);
    left -= half;
  }
  return low;
}
