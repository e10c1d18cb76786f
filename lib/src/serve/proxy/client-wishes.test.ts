import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../core/index.js';
import { clientWishes } from './client-wishes.js';
import { BadTimeout } from './errors.js';

test('urgencies 6 and 7 are batch, everything else is interactive', () => {
  const isBatch = (priority: string): boolean => clientWishes({ priority }).priority === 'batch';
  for (const value of ['u=6', 'u=7', 'u=7, i', 'i, u=6', 'i,\tu=7', 'u=6;x=1']) assert.ok(isBatch(value), value);
  for (const value of ['', 'i', 'u=0', 'u=3, i', 'u=5, i', 'u=8', 'u=60', 'u=-7', 'mu=7', 'u="7"', 'nonsense', 'u=7x'])
    assert.ok(!isBatch(value), value);
});

test('a timeout is a number of seconds above 0', () => {
  for (const [value, leftMs] of [
    ['2', 2000],
    ['0.25', 250],
    ['.5', 500],
    ['9'.repeat(400), 2 ** 31 - 1],
  ] as const) {
    assert.equal(clientWishes({ 'x-request-timeout-seconds': value }).limit?.leftMs, leftMs);
  }
  for (const value of ['0', '-1', '1e308', 'NaN', '0x1', '1e3', '5s', '', 'Infinity', ' 1']) {
    assert.throws(
      () => clientWishes({ 'x-request-timeout-seconds': value }),
      (error) => hasCode(error, BadTimeout),
      value,
    );
  }
  assert.deepEqual(clientWishes({ host: 'x' }), {});
});
