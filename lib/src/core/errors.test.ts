import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listOf } from './errors.js';
import { wholeStack } from './whole-stack.js';
import { toWireError } from './wire-error.js';

test('names are listed; if they are very many, only the first ones', () => {
  assert.equal(listOf([]), 'none');
  assert.equal(listOf(['a', 'b']), 'a, b');
  const many = Array.from({ length: 1000 }, (_, i) => `/${i}`);
  assert.match(listOf(many), /^\/0, \/1, .*, \/19 and 980 more$/);
});

test('a cause may be anything, also what has no text of its own', () => {
  const { groups } = /(?<year>\d+)/.exec('in 2024') as RegExpExecArray;
  const error = new Error('no such year', { cause: groups });
  assert.match(wholeStack(error), /\nCaused by: \{"year":"2024"\}$/);
  assert.match(wholeStack(new AggregateError([groups])), /\n\[error\]: \{"year":"2024"\}$/);
  assert.equal(toWireError(error).cause?.message, '{"year":"2024"}');
  assert.equal(toWireError(Object.create(null)).message, '{}');
  assert.equal(toWireError('as it is').message, 'as it is');
});
