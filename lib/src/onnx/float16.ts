/** IEEE 754 half precision: one sign bit, five of exponent, ten of fraction. Node has it as `Float16Array` from version 24 on. */

const EXPONENT_BIAS = 15;
const NAN_BITS = 0x7e00;
const INFINITY_BITS = 0x7c00;
/** From this number on, numbers are rounded to infinity. It is halfway between the largest float16, 65,504, and the power of two above it. */
const OVERFLOW = 65_520;
const SMALLEST_NORMAL = 2 ** -14;
const SUBNORMAL_STEP = 2 ** -24;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** The bits of the nearest float16. If two are equally near, the even one. */
function toBits(value: number): number {
  if (Number.isNaN(value)) return NAN_BITS;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= OVERFLOW) return sign | INFINITY_BITS;
  if (size < SMALLEST_NORMAL) return sign | roundToEven(size / SUBNORMAL_STEP);
  double[0] = size;
  const exponent = (((words[1] as number) >>> 20) & 0x7ff) - 1023;
  // From 1024 to 2048. The leading one is added to the exponent, and so is the carry of 2048.
  const fraction = roundToEven(size * 2 ** (10 - exponent));
  return sign | (((exponent + EXPONENT_BIAS - 1) << 10) + fraction);
}

function fromBits(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * SUBNORMAL_STEP;
  return sign * (1024 + fraction) * 2 ** (exponent - EXPONENT_BIAS - 10);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** Converts numbers to the bits of float16. Each is rounded to the nearest, ties to even. From 65,520 on they become infinity. */
export function toFloat16(values: ArrayLike<number>): Uint16Array {
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i += 1) bits[i] = toBits(values[i] as number);
  return bits;
}

/** Converts the bits of float16 to numbers. Each is exact in float32. */
export function fromFloat16(bits: ArrayLike<number>): Float32Array {
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i += 1) values[i] = fromBits(bits[i] as number);
  return values;
}

/** The bits of a `Float16Array`, in the same memory. Anything else is returned as it is. On Node 24, ONNX Runtime's results are such arrays. */
export function bitsOf<T>(data: T): T | Uint16Array {
  if (!ArrayBuffer.isView(data) || ((data as unknown as Uint16Array)[Symbol.toStringTag] as string) !== 'Float16Array')
    return data;
  return new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
}
