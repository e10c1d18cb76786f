import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integer, parseOptions } from './schema.js';

const spec = { count: integer({ doc: 'A number.', default: 1, min: 1 }) };

test('options that are no object are refused, as a wrong option is', () => {
  for (const [given, shown] of [
    [null, 'null'],
    [5, '5'],
    [[1], 'a value of type array'],
    ['count', '"count"'],
  ] as const)
    assert.throws(() => parseOptions('here', spec, given as never), {
      code: 'NBS_INVALID_OPTION',
      message: `here: option options must be an object with count, got ${shown}`,
    });
});

test('a number that is no number is called NaN', () => {
  assert.throws(() => parseOptions('here', spec, { count: Number.NaN }), {
    message: /at least 1, got NaN$/,
  });
});
