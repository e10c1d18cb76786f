import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addRows, offsetsOf } from './histogram.js';

describe('histograms', () => {
  it('are the sums over the chosen rows, whatever the number of columns', () => {
    const byte = fc.integer({ min: 0, max: 4 });
    const table = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 30 })).chain(([width, rows]) =>
      fc.record({
        width: fc.constant(width),
        bins: fc.array(byte, { minLength: width * rows, maxLength: width * rows }),
        gradients: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: rows, maxLength: rows }),
        order: fc.shuffledSubarray(Array.from({ length: rows }, (_, row) => row)),
      }),
    );
    fc.assert(
      fc.property(table, fc.nat(30), ({ width, bins, gradients, order }, from) => {
        const offsets = offsetsOf(new Uint16Array(width).fill(5));
        const rows = {
          bins: Uint8Array.from(bins),
          offsets,
          gradients: Float32Array.from(gradients),
          hessians: new Float32Array(gradients.length).fill(2),
        };
        const sums = new Float64Array(offsets.at(-1) as number).fill(1);
        addRows(sums, rows, Uint32Array.from(order), from, order.length);
        const expected = new Float64Array(sums.length).fill(1);
        for (const row of order.slice(from))
          for (let at = 0; at < width; at += 1) {
            const bin = 10 * at + 2 * (bins[row * width + at] as number);
            expected[bin] = (expected[bin] as number) + (gradients[row] as number);
            expected[bin + 1] = (expected[bin + 1] as number) + 2;
          }
        assert.deepEqual(sums, expected);
      }),
    );
  });
});
