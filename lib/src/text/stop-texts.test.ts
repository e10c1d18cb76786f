import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGenerateOptions } from './options.js';
import { StopTexts } from './stop-texts.js';

function give(stops: readonly string[], pieces: readonly string[]): { text: string; isStopped: boolean } {
  const texts = new StopTexts(stops);
  let text = '';
  for (const piece of pieces) {
    const given = texts.push(piece);
    text += given.text;
    if (given.isStopped) return { text, isStopped: true };
  }
  return { text: text + texts.end(), isStopped: false };
}

test('a stop text is found however it is cut into pieces, and no part of it is given', () => {
  const whole = 'one END two';
  for (let first = 0; first <= whole.length; first += 1)
    for (let second = first; second <= whole.length; second += 1) {
      const pieces = [whole.slice(0, first), whole.slice(first, second), whole.slice(second)];
      assert.deepEqual(give(['END'], pieces), { text: 'one ', isStopped: true }, JSON.stringify(pieces));
    }
});

test('text that only begins like a stop text is given in the end', () => {
  assert.deepEqual(give(['END'], ['one E', 'N', 'x', ' EN']), { text: 'one ENx EN', isStopped: false });
  assert.deepEqual(give([], ['a', 'b']), { text: 'ab', isStopped: false });
});

test('of several stop texts the first in the text counts', () => {
  assert.deepEqual(give(['c', 'b'], ['abc']), { text: 'a', isStopped: true });
  assert.deepEqual(give(['aab'], ['aa', 'ab']), { text: 'a', isStopped: true });
});

test('there is a bound for their number, because each token is compared with each of them', () => {
  const stops = (count: number) => ({ stop: Array.from({ length: count }, (_, i) => `stop ${i}`) });
  assert.equal(parseGenerateOptions(stops(64)).stop.length, 64);
  assert.throws(() => parseGenerateOptions(stops(65)), { code: 'NBS_INVALID_OPTION' });
});
