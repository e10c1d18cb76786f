import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from './errors.js';
import { InvalidDuration, MAX_TIMER_MS, timerMs, toMs } from './time.js';

const CIRCLE: { self?: unknown } = {};
CIRCLE.self = CIRCLE;

test('a duration that a timer cannot have is refused', () => {
  assert.deepEqual(
    [toMs('30s'), toMs('1.5m'), toMs(250), toMs('596h'), toMs(MAX_TIMER_MS)],
    [30_000, 90_000, 250, 2_145_600_000, MAX_TIMER_MS],
  );
  for (const odd of [
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e308,
    2 ** 31,
    '597h',
    `${'9'.repeat(400)}s`,
    '-1s',
    '1d',
    '',
    '0x10s',
    ' 1s',
    '1e3s',
    null,
    {},
    30n,
    CIRCLE,
  ])
    assert.throws(
      () => toMs(odd as never, 'timeout'),
      (error) => hasCode(error, InvalidDuration),
      String(odd),
    );
  assert.equal(timerMs(2 * MAX_TIMER_MS + 5000), MAX_TIMER_MS);
});
