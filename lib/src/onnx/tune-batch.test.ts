import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseBatch } from './tune-batch.js';

const steps = (...rates: number[]) =>
  rates.map((rowsPerSecond, i) => ({ batchSize: 2 ** i, ms: (2 ** i * 1000) / rowsPerSecond, rowsPerSecond }));

test('the smallest batch near the best rate is chosen', () => {
  assert.equal(chooseBatch(steps(100, 180, 300, 310, 305), Number.POSITIVE_INFINITY), 4);
  assert.equal(chooseBatch(steps(100), Number.POSITIVE_INFINITY), 1);
});

test('a batch that takes too long is not, and if all do it is one row', () => {
  assert.equal(chooseBatch(steps(100, 180, 300, 400), 13), 2);
  assert.equal(chooseBatch(steps(100, 180), 5), 1);
});
