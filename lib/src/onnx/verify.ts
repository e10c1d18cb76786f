import { fromFloat16 } from './float16.js';
import type { Results, Tensor } from './types.js';

/** How far an answer may be from the CPU's, as a part of the largest number of that output. GPUs multiply with ten bits of precision by default. */
const TOLERANCE = 0.01;
/**
 * How far it may be from the CPU's as a part of the largest number of the same column, e.g. of a score beside coordinates. The bound is wide, because
 * numbers near zero are sums in which larger ones cancel each other, and a device may be less exact about those.
 */
const COLUMN_TOLERANCE = 0.25;
/** A column of fewer different numbers does not tell how large its numbers are. */
const SMALLEST_COLUMN = 8;
/** The least of these bounds, as a part of the largest number of the output: sums of numbers of that size leave such a difference. */
const LEAST_TOLERANCE = 1e-5;
const EXACT = new Set(['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'bool', 'string']);

/**
 * Compares what a device has computed with what the CPU has computed from the same inputs. Numbers with a point may differ a little; whole numbers,
 * booleans, texts and dimensions may not.
 * @param tolerance how far a number may be from the CPU's, as a part of the largest of its output
 * @param columnTolerance the same, as a part of the largest that has the same index in one of the dimensions; columns of fewer than 8 different numbers are left out
 * @returns what differs most; `undefined` if nothing does
 */
export function findDifference(
  device: Results,
  cpu: Results,
  tolerance = TOLERANCE,
  columnTolerance = COLUMN_TOLERANCE,
): string | undefined {
  for (const [name, expected] of Object.entries(cpu)) {
    const found = differenceOf(device[name], expected, tolerance, columnTolerance);
    if (found !== undefined) return `output ${name} ${found}`;
  }
  return undefined;
}

function differenceOf(
  actual: Tensor | undefined,
  expected: Tensor,
  tolerance: number,
  columnTolerance: number,
): string | undefined {
  if (actual === undefined) return 'is missing';
  if (actual.dims.join() !== expected.dims.join())
    return `has the dimensions [${actual.dims.join(', ')}], on the CPU [${expected.dims.join(', ')}]`;
  if (EXACT.has(expected.type)) {
    const at =
      (expected.data as readonly unknown[]).findIndex?.((value, i) => value !== (actual.data as readonly unknown[])[i]) ?? -1;
    return at < 0 ? undefined : `is ${String(actual.data[at])} at ${at}, on the CPU ${String(expected.data[at])}`;
  }
  const [mine, other] = [numbersOf(actual), numbersOf(expected)];
  const bounds = boundsOf(other, expected.dims, tolerance, columnTolerance);
  let worst = -1;
  let most = 1;
  for (const [i, value] of other.entries()) {
    const difference = distance(mine[i] as number, value);
    // How many times it is too large.
    const excess = difference === 0 ? 0 : difference / (bounds[i] as number);
    if (excess > most) {
      most = excess;
      worst = i;
    }
  }
  return worst < 0 ? undefined : `is ${short(mine[worst])} at ${worst}, on the CPU ${short(other[worst])}`;
}

/** How far each value may be from the CPU's. */
function boundsOf(values: Numbers, dims: readonly number[], tolerance: number, columnTolerance: number): Float64Array {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, sizeOfNumber(value));
  const bounds = new Float64Array(values.length).fill(tolerance * largest);
  if (!Number.isFinite(columnTolerance)) return bounds;
  let inner = values.length;
  for (const size of dims) {
    inner /= size;
    if (size === 1 || values.length / size < SMALLEST_COLUMN) continue;
    const columns = new Float64Array(size);
    const seen = Array.from({ length: size }, () => new Set<number>());
    for (const [i, value] of values.entries()) {
      const at = Math.floor(i / inner) % size;
      columns[at] = Math.max(columns[at] as number, sizeOfNumber(value));
      const different = seen[at] as Set<number>;
      if (different.size < SMALLEST_COLUMN) different.add(value);
    }
    for (let i = 0; i < bounds.length; i += 1) {
      const at = Math.floor(i / inner) % size;
      // The numbers of equal rows, or of a feature that a picture does not have, do not tell the size of others.
      if ((seen[at] as Set<number>).size < SMALLEST_COLUMN) continue;
      const bound = Math.max(columnTolerance * (columns[at] as number), LEAST_TOLERANCE * largest);
      bounds[i] = Math.min(bounds[i] as number, bound);
    }
  }
  return bounds;
}

const sizeOfNumber = (value: number): number => (Number.isFinite(value) ? Math.abs(value) : 0);

/** NaN is like NaN, and an infinity like itself. */
function distance(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0;
  const difference = Math.abs(a - b);
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}

type Numbers = ArrayLike<number> & Iterable<number> & { entries(): IterableIterator<[number, number]> };

const numbersOf = ({ type, data }: Tensor): Numbers =>
  (type === 'float16' ? fromFloat16(data as Uint16Array) : data) as Float32Array;

const short = (value: number | undefined): string => String(Number(value?.toPrecision(4)));
