import assert from 'node:assert/strict';
import { test } from 'node:test';
import { losesDigits, lostDigits } from './lost-digits.js';

const found = (text: string): string | null => {
  const lost = lostDigits(text, JSON.parse(text));
  return lost === null ? null : `${lost.path.join('.')} ${lost.digits}`;
};

test('a number of a body that JSON.parse rounds is found with its place', () => {
  assert.equal(found('9007199254740993'), ' 9007199254740993');
  assert.equal(found('{"id": 9007199254740993}'), 'id 9007199254740993');
  assert.equal(found('{"a":[1,{"b":-9007199254740993 }]}'), 'a.1.b -9007199254740993');
  assert.equal(found('[0.5,\n12345678901234567891]'), '1 12345678901234567891');
  assert.equal(found(`{"n":1${'0'.repeat(400)}}`), `n 1${'0'.repeat(400)}`);
});

test('numbers that are exact, that JavaScript prints, and texts are not meant', () => {
  const kept = [
    '9007199254740991',
    '9007199254740992',
    '1152921504606846976',
    '1e300',
    '9007199254740993.0',
    '0.12345678901234567',
  ];
  for (const number of [...kept, String(1.2345678901234568e20), String(-(2 ** 60))]) {
    assert.equal(found(`[1,${number}]`), null, number);
    assert.equal(losesDigits(number), false, number);
  }
  assert.equal(losesDigits('007'), false);
  assert.equal(found('{"text":"9007199254740993","more":"see 9007199254740993, or"}'), null);
});

test('the depth of a body, and the length of its numbers, take no more than linear time', () => {
  const deep = `${'['.repeat(200_000)}9007199254740993${']'.repeat(200_000)}`;
  assert.equal(lostDigits(deep, JSON.parse(deep))?.path.length, 200_000);
  const long = '9'.repeat(1_000_000);
  assert.equal(lostDigits(long, JSON.parse(long))?.digits, long);
});
