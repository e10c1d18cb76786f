import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromFloat16, toFloat16 } from './float16.js';

/** The class of Node 24 and later. */
const Native = (globalThis as { Float16Array?: new (values: ArrayLike<number>) => { buffer: ArrayBuffer } & ArrayLike<number> })
  .Float16Array;

test('every float16 keeps its bits when it is converted to a number and back', () => {
  const all = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
  const isNan = (bits: number): boolean => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
  const back = toFloat16(fromFloat16(all));
  for (const bits of all) assert.equal(back[bits], isNan(bits) ? 0x7e00 : bits);
});

test('numbers are rounded to the nearest float16, ties to even', () => {
  const bits = (value: number): number => toFloat16([value])[0] as number;
  assert.deepEqual(
    [0, -0, 1, 1.5, -2, 65_504, 65_519, 65_520, Number.POSITIVE_INFINITY, 2 ** -24, 2 ** -25, 3 * 2 ** -25, Number.NaN].map(bits),
    [0, 0x8000, 0x3c00, 0x3e00, 0xc000, 0x7bff, 0x7bff, 0x7c00, 0x7c00, 1, 0, 2, 0x7e00],
  );
  // Slightly more than halfway between two float16 numbers. Rounding to float32 first would lose the difference.
  assert.deepEqual([1 + 2 ** -11, 1 + 2 ** -11 + 2 ** -40, 1 + 3 * 2 ** -11].map(bits), [0x3c00, 0x3c01, 0x3c02]);
  assert.deepEqual([...fromFloat16(Uint16Array.of(0x3e00, 0x8001, 0xfc00))], [1.5, -(2 ** -24), Number.NEGATIVE_INFINITY]);
});

/** The usual way in other languages: shifts the bits of a float32, and rounds by what is shifted out. */
function roundFloat32(value: number): number {
  const [wide] = new Uint32Array(Float32Array.of(value).buffer) as unknown as [number];
  const sign = (wide >>> 16) & 0x8000;
  const exponent = ((wide >>> 23) & 0xff) - 127 + 15;
  if (exponent >= 31) return sign | 0x7c00;
  const fraction = wide & 0x7f_ffff;
  const [kept, lost] = exponent > 0 ? [(exponent << 23) | fraction, 13] : [fraction | 0x80_0000, 14 - exponent];
  if (lost > 24) return sign;
  const [below, rest, half] = [kept >>> lost, kept & (2 ** lost - 1), 2 ** (lost - 1)];
  return sign | (below + (rest > half || (rest === half && below % 2 === 1) ? 1 : 0));
}

test('float32 numbers are rounded as by shifting their bits', () => {
  const same = (value: number): void => assert.equal(toFloat16([value])[0], roundFloat32(value), String(value));
  fc.assert(fc.property(fc.float({ noNaN: true }), same), { numRuns: 3000 });
  fc.assert(fc.property(fc.float({ min: -(2 ** -13), max: 2 ** -13, noNaN: true }), same), { numRuns: 3000 });
  fc.assert(fc.property(fc.float({ min: -65_536, max: 65_536, noNaN: true }), same), { numRuns: 3000 });
});

test('any number is rounded to the nearest existing float16', () => {
  const halves = [...fromFloat16(Uint16Array.from({ length: 0x7c00 }, (_, bits) => bits))];
  fc.assert(
    fc.property(fc.double({ min: -65_519, max: 65_519, noNaN: true }), (value) => {
      const [bits] = toFloat16([value]) as unknown as [number];
      const at = bits & 0x7fff;
      const distance = (index: number): number => Math.abs(Math.abs(value) - (halves[index] ?? Number.POSITIVE_INFINITY));
      for (const other of [at - 1, at + 1]) {
        assert.ok(distance(at) < distance(other) || (distance(at) === distance(other) && at % 2 === 0));
      }
    }),
    { numRuns: 2000 },
  );
});

test('the result is that of Float16Array', { skip: Native === undefined && 'this Node has no Float16Array' }, () => {
  if (Native === undefined) return;
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.double({ noNaN: true }), fc.double({ min: -70_000, max: 70_000, noNaN: true }))),
      (values) => {
        const native = new (Native as NonNullable<typeof Native>)(values);
        assert.deepEqual(toFloat16(values), new Uint16Array(native.buffer));
        assert.deepEqual([...fromFloat16(toFloat16(values))], Array.from(native));
      },
    ),
    { numRuns: 2000 },
  );
});
