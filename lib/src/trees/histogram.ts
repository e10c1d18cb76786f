/**
 * Sums of the gradients and of the hessians in each bin of each feature, in turn. They are sums of integers, so they are exact: the order of the rows and
 * their distribution over workers change nothing.
 */
export type Histogram = Float64Array;

/** Gradients are multiples of a unit such that the largest is at most this. With 2³⁰ rows, a sum stays below 2⁵³, so it is exact. */
export const LARGEST = 2 ** 22;

/** The first bin of each feature in a histogram, followed by the length of the histogram. */
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
  for (let first = 0; first < width; first += MOST_COLUMNS) {
    const columns = Math.min(MOST_COLUMNS, width - first);
    loops[columns] ??= loopOf(columns);
    loops[columns](sums, bins, order, gradients, hessians, width, first, offsets, from, to);
  }
}

type Loop = (
  sums: Histogram,
  bins: Uint8Array,
  order: Uint32Array,
  gradients: Float32Array,
  hessians: Float32Array,
  width: number,
  first: number,
  offsets: Uint32Array,
  from: number,
  to: number,
) => void;

/** More columns would not fit into the registers and the first cache. */
const MOST_COLUMNS = 16;
const loops: Loop[] = [];

/**
 * The loop over rows with the loop over so many columns written out. Most of the time of a training on many rows is spent here, and a written-out loop
 * takes half the time of one in the other.
 */
function loopOf(columns: number): Loop {
  const all = Array.from({ length: columns }, (_, at) => at);
  const starts = all.map((at) => `const start${at} = offsets[first + ${at}];`);
  const adds = all.map((at) => `bin = start${at} + 2 * bins[cell + ${at}]; sums[bin] += gradient; sums[bin + 1] += hessian;`);
  return new Function(
    'sums, bins, order, gradients, hessians, width, first, offsets, from, to',
    `${starts.join('\n')}
for (let i = from; i < to; i += 1) {
  const row = order[i], gradient = gradients[row], hessian = hessians[row], cell = row * width + first;
  let bin = 0;
  ${adds.join('\n  ')}
}`,
  ) as Loop;
}

/** Adds `other` to `sums`. */
export function addTo(sums: Float64Array, other: Float64Array): void {
  for (let i = 0; i < sums.length; i += 1) sums[i] = (sums[i] as number) + (other[i] as number);
}

/** Subtracts `other` from `sums`. */
export function subtractFrom(sums: Float64Array, other: Float64Array): void {
  for (let i = 0; i < sums.length; i += 1) sums[i] = (sums[i] as number) - (other[i] as number);
}
