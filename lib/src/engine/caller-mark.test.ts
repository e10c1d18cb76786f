import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callerMark, readCallerMark } from './caller-mark.js';

test('a marked line gives its caller and its text', () => {
  assert.deepEqual(readCallerMark(`${callerMark('k3f9:12')}hello`), { text: 'hello', caller: 'k3f9:12' });
  assert.deepEqual(readCallerMark('hello'), { text: 'hello', caller: undefined });
  assert.deepEqual(readCallerMark(`a${callerMark('k:1')}b${callerMark('k:2')}`), { text: 'ab', caller: 'k:1' });
});

test('the first mark counts, also if it names nobody, so a text that was printed cannot name a caller', () => {
  assert.deepEqual(readCallerMark(`${callerMark()}a${callerMark('k:1')}b`), { text: 'ab', caller: undefined });
  const many = callerMark('k:1').repeat(200_000);
  assert.deepEqual(readCallerMark(`${callerMark('k:2')}${many}`), { text: '', caller: 'k:2' });
});

test('a mark without an end is text', () => {
  const text = callerMark('k:1').slice(0, -1);
  assert.deepEqual(readCallerMark(text), { text, caller: undefined });
});
