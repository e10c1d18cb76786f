import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AdditiveSequence, GOLDEN_STEP, SILVER_STEP } from './additive-sequence.js';
import { armAt } from './choose-arm.js';

const start = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const weights = fc
  .array(fc.nat(1000), { minLength: 1, maxLength: 8 })
  .filter((list) => list.some((weight) => weight > 0))
  .map((list) => {
    const sum = list.reduce((a, b) => a + b, 0);
    return list.map((weight, i) => ({ app: `v${i}`, deployment: 'd', weight: weight / sum }));
  });

test('of 10,000 requests every version gets its part to within 1 %, from wherever the sequence starts', () => {
  fc.assert(
    fc.property(start, weights, fc.constantFrom(GOLDEN_STEP, SILVER_STEP), (from, arms, step) => {
      const sequence = new AdditiveSequence(step, from);
      const counts = new Map<string, number>();
      for (let i = 0; i < 10_000; i += 1) {
        const { app } = armAt(arms, sequence.next()) ?? assert.fail();
        counts.set(app, (counts.get(app) ?? 0) + 1);
      }
      for (const { app, weight } of arms) {
        const part = (counts.get(app) ?? 0) / 10_000;
        assert.ok(Math.abs(part - weight) < 0.01, `${app}: ${part} in place of ${weight}`);
        if (weight === 0) assert.equal(part, 0);
      }
    }),
    { numRuns: 100 },
  );
});

test('the two sequences do not go in step: what is copied is no different from the rest', () => {
  fc.assert(
    fc.property(start, start, (a, b) => {
      const [golden, silver] = [new AdditiveSequence(GOLDEN_STEP, a), new AdditiveSequence(SILVER_STEP, b)];
      let both = 0;
      for (let i = 0; i < 10_000; i += 1) {
        const [x, y] = [golden.next(), silver.next()];
        if (x < 0.5 && y < 0.5) both += 1;
      }
      assert.ok(Math.abs(both / 10_000 - 0.25) < 0.01, `${both}`);
    }),
    { numRuns: 30 },
  );
});
