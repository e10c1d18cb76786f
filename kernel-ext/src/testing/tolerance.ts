import { BadTolerance } from './errors.js';

const NUMBER = /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/g;

/** @param name what the error calls the tolerance @throws NBS_BAD_TOLERANCE */
export function parseTolerance(text: string, name: string): number {
  const tolerance = Number(text);
  if (text.trim() !== '' && tolerance >= 0 && tolerance <= 1) return tolerance;
  throw BadTolerance({ tolerance: name });
}

/** Numbers near 0 may differ by this: a rest of rounding is no part of anything. The default of pytest.approx. */
const ABSOLUTE = 1e-12;

/** True if the numbers differ by at most this part of the larger one, or by almost nothing. */
function isNear(a: number, b: number, tolerance: number): boolean {
  if (Object.is(a, b) || a === b) return true;
  return tolerance > 0 && Math.abs(a - b) <= Math.max(ABSOLUTE, tolerance * Math.max(Math.abs(a), Math.abs(b)));
}

/** True if the texts are the same but for numbers that are near each other. */
export function isSameText(a: string, b: string, tolerance: number): boolean {
  if (a === b) return true;
  if (tolerance === 0 || a.replace(NUMBER, '#') !== b.replace(NUMBER, '#')) return false;
  const others = b.match(NUMBER) ?? [];
  return (a.match(NUMBER) ?? []).every((one, i) => isNear(Number(one), Number(others[i]), tolerance));
}

/** True if the values are the same but for numbers that are near each other. The order of an object's keys does not count. */
export function isSameValue(a: unknown, b: unknown, tolerance: number): boolean {
  if (typeof a === 'number' && typeof b === 'number') return isNear(a, b, tolerance);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [inA, inB] = [a, b] as Record<string, unknown>[];
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSameValue(inA?.[key], inB?.[key], tolerance))
  );
}
