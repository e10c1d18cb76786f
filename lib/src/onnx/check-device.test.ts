import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparison } from './check-device.js';
import { tensor } from './tensor.js';

const results = (value: number) => ({ y: tensor([value]) });

test('a device agrees only if the CPU has computed the same', () => {
  assert.deepEqual(comparison(results(1), null), { agrees: true });
  assert.deepEqual(comparison(results(1), results(1)), { agrees: true });
  assert.equal(comparison(results(2), results(1)).agrees, false);
  const alone = comparison(results(1), 'no memory');
  assert.equal(alone.agrees, undefined);
  assert.match(alone.reason ?? '', /the CPU fails: no memory/);
});
