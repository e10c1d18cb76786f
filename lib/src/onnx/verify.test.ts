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
