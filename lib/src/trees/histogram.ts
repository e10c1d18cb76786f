/**
 * Sums of the gradients and of the hessians in each bin of each feature, in turn. They are sums of integers, so they are exact: the order of the rows and
 * their distribution over workers change nothing.
 */
export type Histogram = Float64Array;

/** Gradients are multiples of a unit such that the largest is at most this. With 2³⁰ rows, a sum stays below 2⁵³, and with it exact. */
export const LARGEST = 2 ** 22;

/** The first bin of each feature in a histogram, and at last its length. */
export function offsetsOf(counts: Uint16Array): Uint32Array {
  const offsets = new Uint32Array(counts.length + 1);
  counts.forEach((count, at) => {
    offsets[at + 1] = (offsets[at] as number) + 2 * count;
  });
  return offsets;
}

/** The rows of one worker, as the histogram needs them. */
export interface BinnedRows {
  readonly bins: Uint8Array;
  readonly offsets: Uint32Array;
  readonly gradients: Float32Array;
  readonly hessians: Float32Array;
}

/** Adds the rows `order[from]` to `order[to - 1]` to `sums`. */
export function addRows(sums: Histogram, rows: BinnedRows, order: Uint32Array, from: number, to: number): void {
  const { bins, offsets, gradients, hessians } = rows;
  const width = offsets.length - 1;
  for (let i = from; i < to; i += 1) {
    const row = order[i] as number;
    const gradient = gradients[row] as number;
    const hessian = hessians[row] as number;
    const first = row * width;
    for (let at = 0; at < width; at += 1) {
      const bin = (offsets[at] as number) + 2 * (bins[first + at] as number);
      sums[bin] = (sums[bin] as number) + gradient;
      sums[bin + 1] = (sums[bin + 1] as number) + hessian;
    }
  }
}

/** Adds `other` to `sums`. */
export function addTo(sums: Float64Array, other: Float64Array): void {
  for (let i = 0; i < sums.length; i += 1) sums[i] = (sums[i] as number) + (other[i] as number);
}

/** Subtracts `other` from `sums`. */
export function subtractFrom(sums: Float64Array, other: Float64Array): void {
  for (let i = 0; i < sums.length; i += 1) sums[i] = (sums[i] as number) - (other[i] as number);
}
