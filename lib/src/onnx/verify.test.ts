import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tensor } from './tensor.js';
import type { Results } from './types.js';
import { findDifference } from './verify.js';

const floats = (...values: number[]): Results => ({ y: tensor(values) }) as Results;

test('small differences of numbers pass, and a wrong one is named', () => {
  assert.equal(findDifference(floats(1, 10.05, -3), floats(1, 10, -3)), undefined);
  assert.equal(findDifference(floats(0.082), floats(0.013)), 'output y is 0.082 at 0, on the CPU 0.013');
  assert.equal(findDifference(floats(1, 2, 9), floats(1, 2.5, 3)), 'output y is 9 at 2, on the CPU 3');
});

test('a small column beside a large one has a scale of its own, and single numbers near zero have not', () => {
  const rows = (score: number): Results =>
    ({
      y: tensor(
        Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? 1000 + i : score * (1 + i / 100))),
        [8, 2],
      ),
    }) as Results;
  assert.equal(findDifference(rows(0.0131), rows(0.013)), undefined);
  assert.match(findDifference(rows(0.082), rows(0.013)) ?? '', /^output y is 0\.0943 at 15, on the CPU 0\.01495$/);
  const turned = (score: number): Results =>
    ({
      y: tensor(
        Array.from({ length: 32 }, (_, i) => (i < 16 ? 640 : score * (1 - (i % 16) / 1000))),
        [1, 2, 16],
      ),
    }) as Results;
  assert.equal(findDifference(turned(0.1), turned(0.2)), 'output y is 0.1 at 16, on the CPU 0.2');
  // The noise of one large sum is larger than a number that happens to be small.
  const logits = (small: number): Results => ({ y: tensor([12, -9, 7, small, 3, 5, -4, 8, 2], [1, 9]) }) as Results;
  assert.equal(findDifference(logits(0.004), logits(-0.003)), undefined);
  assert.equal(findDifference(rows(1e-9), rows(0)), undefined);
});

test('equal rows do not tell how large the numbers of a column are, and no bound is smaller than the noise of the largest number', () => {
  const rows = (of: (row: number) => number[]): Results =>
    ({
      y: tensor(Array.from({ length: 8 }, (_, row) => of(row)).flat(), [8, 3]),
    }) as Results;
  const equal = (small: number) => rows(() => [10, small, -7]);
  assert.equal(findDifference(equal(0.002), equal(0.001)), undefined);
  const noisy = (noise: number) => rows((row) => [1000 + row, (noise * row) / 10, -7]);
  assert.equal(findDifference(noisy(0.002), noisy(0.001)), undefined);
  assert.notEqual(findDifference(noisy(0.2), noisy(0.1)), undefined);
  assert.equal(findDifference(noisy(0.2), noisy(0.1), 0.01, Number.POSITIVE_INFINITY), undefined);
});

test('NaN and infinities are equal to themselves only', () => {
  const odd = floats(Number.NaN, Number.POSITIVE_INFINITY, 1);
  assert.equal(findDifference(odd, odd), undefined);
  assert.match(findDifference(floats(0, Number.POSITIVE_INFINITY, 1), odd) ?? '', /is 0 at 0, on the CPU NaN/);
  assert.match(findDifference(floats(Number.NaN, 5, 1), odd) ?? '', /is 5 at 1, on the CPU Infinity/);
});

test('whole numbers, texts and dimensions are exact', () => {
  const whole = (n: number) => ({ y: tensor('int64', [BigInt(n)]) }) as Results;
  assert.equal(findDifference(whole(1000), whole(1000)), undefined);
  assert.equal(findDifference(whole(1000), whole(1001)), 'output y is 1000 at 0, on the CPU 1001');
  assert.match(findDifference(floats(1, 2), floats(1)) ?? '', /dimensions \[2\], on the CPU \[1\]/);
  assert.equal(findDifference({} as Results, floats(1)), 'output y is missing');
  const half = (n: number) => ({ y: tensor('float16', [n]) }) as Results;
  assert.match(findDifference(half(2), half(1)) ?? '', /is 2 at 0/);
});
