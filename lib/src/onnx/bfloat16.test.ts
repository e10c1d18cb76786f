import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromBfloat16, toBfloat16 } from './bfloat16.js';

const bits = (value: number): number => toBfloat16([value])[0] as number;

test('every bfloat16 keeps its bits when it is converted to a number and back', () => {
  const all = Uint16Array.from({ length: 65_536 }, (_, at) => at);
  const isNan = (each: number): boolean => (each & 0x7f80) === 0x7f80 && (each & 0x7f) !== 0;
  const back = toBfloat16(fromBfloat16(all));
  for (const each of all) assert.equal(back[each], isNan(each) ? 0x7fc0 : each);
});

test('the values are those of the format, from the smallest to infinity', () => {
  assert.deepEqual(
    [0, -0, 1, -2, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_VALUE, 2 ** -133, 2 ** -134].map(
      bits,
    ),
    [0, 0x8000, 0x3f80, 0xc000, 0x7fc0, 0x7f80, 0xff80, 0x7f80, 1, 0],
  );
  assert.deepEqual([2 ** 128 - 2 ** 119, 2 ** 128 - 2 ** 119 - 2 ** 80].map(bits), [0x7f80, 0x7f7f]);
  // Slightly more than halfway between two numbers. Rounding to float32 first would lose the difference.
  assert.deepEqual([1 + 2 ** -8, 1 + 2 ** -8 + 2 ** -40, 1 + 3 * 2 ** -8].map(bits), [0x3f80, 0x3f81, 0x3f82]);
  // Three halves of the smallest number is as near to the first as to the second, which is even.
  assert.deepEqual([3 * 2 ** -134, 2 ** -126 - 2 ** -134, -(2 ** -133)].map(bits), [2, 0x80, 0x8001]);
});

/** The usual way in other languages: from the bits of a float32, half of the last place and one more if it is odd are added, and the lower half is cut. */
function roundFloat32(value: number): number {
  const [wide] = new Uint32Array(Float32Array.of(value).buffer) as unknown as [number];
  return ((wide + 0x7fff + ((wide >>> 16) & 1)) >>> 16) & 0xffff;
}

test('float32 numbers are rounded as by adding to their bits', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (value) => assert.equal(bits(value), roundFloat32(value))),
    { numRuns: 5000 },
  );
  fc.assert(
    fc.property(fc.nat({ max: 0xffff_ffff }), (wide) => {
      const [value] = new Float32Array(Uint32Array.of(wide).buffer) as unknown as [number];
      if (!Number.isNaN(value)) assert.equal(bits(value), roundFloat32(value));
    }),
    { numRuns: 5000 },
  );
});

test('any number is rounded to the nearest existing bfloat16', () => {
  const existing = [...fromBfloat16(Uint16Array.from({ length: 0x7f80 }, (_, at) => at))];
  fc.assert(
    fc.property(fc.double({ min: -(2 ** 127), max: 2 ** 127, noNaN: true }), (value) => {
      const at = bits(value) & 0x7fff;
      const distance = (index: number): number => Math.abs(Math.abs(value) - (existing[index] ?? Number.POSITIVE_INFINITY));
      for (const other of [at - 1, at + 1])
        assert.ok(distance(at) < distance(other) || (distance(at) === distance(other) && at % 2 === 0));
    }),
    { numRuns: 2000 },
  );
});
