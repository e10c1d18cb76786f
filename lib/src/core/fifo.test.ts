import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fifo } from './fifo.js';

test('it does what an array does, in whatever order things are put in and taken out', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 3000 }))), (steps) => {
      const fifo = new Fifo<number>();
      const array: number[] = [];
      let next = 0;
      for (const count of steps) {
        if (count !== null) {
          for (let i = 0; i < count; i += 1) {
            fifo.push(next);
            array.push(next);
            next += 1;
          }
          continue;
        }
        for (let i = 0; i < 700; i += 1) assert.equal(fifo.shift(), array.shift());
      }
      assert.equal(fifo.size, array.length);
      assert.equal(fifo.first, array[0]);
      assert.deepEqual([...fifo], array);
      fifo.clear();
      assert.deepEqual([fifo.size, fifo.shift()], [0, undefined]);
    }),
    { numRuns: 50 },
  );
});
