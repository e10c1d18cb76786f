/** bfloat16: the upper half of a float32, with one sign bit, eight of exponent and seven of fraction. */

const NAN_BITS = 0x7fc0;
const INFINITY_BITS = 0x7f80;
/** From this number on, numbers are rounded to infinity. It is halfway between the largest bfloat16 and the power of two above it. */
const OVERFLOW = 2 ** 128 - 2 ** 119;
/** The distance of two neighbours among the smallest numbers, which have no leading one. */
const SUBNORMAL_STEP = 2 ** -133;
const SMALLEST_NORMAL = 2 ** -126;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** The bits of the nearest bfloat16. If two are equally near, the even one. The number is not rounded to float32 first, because two roundings can miss the nearest. */
function toBits(value: number): number {
  if (Number.isNaN(value)) return NAN_BITS;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= OVERFLOW) return sign | INFINITY_BITS;
  if (size < SMALLEST_NORMAL) return sign | roundToEven(size / SUBNORMAL_STEP);
  double[0] = size;
  const exponent = (((words[1] as number) >>> 20) & 0x7ff) - 1023;
  // From 128 to 256. The leading one is added to the exponent, and so is the carry of 256.
  const fraction = roundToEven(size * 2 ** (7 - exponent));
  return sign | (((exponent + 126) << 7) + fraction);
}

/** `Math.round` would round halves up. */
function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/**
 * Converts numbers to the bits of bfloat16. Each is rounded to the nearest, ties to even. From 2^128 - 2^119 on they become infinity.
 * @param values any number of numbers
 * @returns as many elements
 */
export function toBfloat16(values: ArrayLike<number>): Uint16Array {
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i += 1) bits[i] = toBits(values[i] as number);
  return bits;
}

/**
 * Converts the bits of bfloat16 to numbers. Each is exact in float32.
 * @param bits any number of elements
 * @returns as many elements
 */
export function fromBfloat16(bits: ArrayLike<number>): Float32Array {
  const wide = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i += 1) wide[i] = (bits[i] as number) << 16;
  return new Float32Array(wide.buffer);
}
