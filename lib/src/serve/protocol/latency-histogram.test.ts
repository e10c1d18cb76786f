import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addLatencies, bucketEndMs, latencyBucket, latencyQuantile } from './latency-histogram.js';

const latency = fc.double({ min: 0.1, max: 1e6, noNaN: true });

test('a bucket ends at most 9.1 % above what is in it, and never below', () => {
  fc.assert(
    fc.property(latency, (ms) => {
      const end = bucketEndMs(latencyBucket(ms));
      assert.ok(end >= ms * (1 - 1e-9) && end <= ms * 1.0906, `${ms} ms is in the bucket that ends at ${end}`);
    }),
  );
  assert.equal(latencyBucket(0), 0);
  assert.equal(latencyBucket(1e12), latencyBucket(1e13));
});

test('a quantile is the exact one to within a bucket, also of histograms that were added', () => {
  fc.assert(
    fc.property(
      fc.array(latency, { minLength: 1 }),
      fc.array(latency),
      fc.constantFrom(0, 0.5, 0.95, 1),
      (some, others, part) => {
        const counts: Record<number, number> = {};
        for (const list of [some, others]) {
          const one: Record<number, number> = {};
          for (const ms of list) one[latencyBucket(ms)] = (one[latencyBucket(ms)] ?? 0) + 1;
          addLatencies(counts, one);
        }
        const sorted = [...some, ...others].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(part * sorted.length)) - 1] as number;
        const read = latencyQuantile(counts, part) as number;
        assert.ok(read >= exact * (1 - 1e-9) && read <= exact * 1.0906, `${read} for ${exact}`);
      },
    ),
  );
  assert.equal(latencyQuantile({}, 0.95), null);
});
