import { fromFloat16 } from './float16.js';
import type { Results, Tensor } from './types.js';

/** How far an answer may be from the CPU's, as a part of the largest number of that output. GPUs multiply with ten bits of precision by default. */
const TOLERANCE = 0.01;
const EXACT = new Set(['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'bool', 'string']);

/**
 * Compares what a device has computed with what the CPU has computed from the same inputs. Numbers with a point may differ a little; whole numbers,
 * booleans, texts and dimensions may not.
 * @returns what differs most; `undefined` if nothing does
 */
export function findDifference(device: Results, cpu: Results, tolerance = TOLERANCE): string | undefined {
  for (const [name, expected] of Object.entries(cpu)) {
    const found = differenceOf(device[name], expected, tolerance);
    if (found !== undefined) return `output ${name} ${found}`;
  }
  return undefined;
}

function differenceOf(actual: Tensor | undefined, expected: Tensor, tolerance: number): string | undefined {
  if (actual === undefined) return 'is missing';
  if (actual.dims.join() !== expected.dims.join())
    return `has the dimensions [${actual.dims.join(', ')}], on the CPU [${expected.dims.join(', ')}]`;
  if (EXACT.has(expected.type)) {
    const at =
      (expected.data as readonly unknown[]).findIndex?.((value, i) => value !== (actual.data as readonly unknown[])[i]) ?? -1;
    return at < 0 ? undefined : `is ${String(actual.data[at])} at ${at}, on the CPU ${String(expected.data[at])}`;
  }
  const [mine, other] = [numbersOf(actual), numbersOf(expected)];
  let largest = 0;
  for (const value of other) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  let worst = -1;
  let most = tolerance * largest;
  for (const [i, value] of other.entries()) {
    const difference = distance(mine[i] as number, value);
    if (difference > most) {
      most = difference;
      worst = i;
    }
  }
  return worst < 0 ? undefined : `is ${short(mine[worst])} at ${worst}, on the CPU ${short(other[worst])}`;
}

/** NaN is like NaN, and an infinity like itself. */
function distance(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0;
  const difference = Math.abs(a - b);
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}

const numbersOf = ({
  type,
  data,
}: Tensor): ArrayLike<number> & Iterable<number> & { entries(): IterableIterator<[number, number]> } =>
  (type === 'float16' ? fromFloat16(data as Uint16Array) : data) as Float32Array;

const short = (value: number | undefined): string => String(Number(value?.toPrecision(4)));
