import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonForm } from './json-form.js';

const MOST_BEGINNINGS = 100;

/** Gives the text in one piece and character by character. @returns whether it is allowed, and whether it is complete then */
function given(text: string): 'refused' | 'begun' | 'complete' {
  const whole = new JsonForm();
  const allowed = whole.allows(text);
  whole.push(text);
  const parts = new JsonForm();
  let isAllowed = true;
  for (const char of text) {
    isAllowed &&= parts.allows(char);
    if (isAllowed) parts.push(char);
  }
  assert.equal(isAllowed, allowed, text);
  return allowed ? (whole.isComplete ? 'complete' : 'begun') : 'refused';
}

test('every JSON object is allowed, with each of its beginnings, and is complete at its end and not before', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      assert.equal(given(text), 'complete');
      const form = new JsonForm();
      for (const char of text) {
        assert.equal(form.isComplete, false);
        assert.ok(form.allows(char), text);
        form.push(char);
      }
      // The beginnings of a long text, each in one piece, would take the square of its length.
      const step = Math.ceil(text.length / MOST_BEGINNINGS);
      for (let end = 1; end < text.length; end += step) assert.equal(given(text.slice(0, end)), 'begun');
    }),
  );
});

test('what JSON.parse refuses is refused, or not complete', () => {
  const characters = fc.string({ unit: fc.constantFrom(...'{}[]",:0-1.e+tfn\\u rals') });
  fc.assert(
    fc.property(characters, (rest) => {
      const text = `{${rest}`;
      if (given(text) !== 'complete') return;
      const value: unknown = JSON.parse(text);
      assert.ok(typeof value === 'object' && value !== null);
    }),
    { numRuns: 3000 },
  );
  for (const text of [
    '[]',
    ' {}',
    '{}x',
    '{,',
    '{"a" 1',
    '{"a":01',
    '{"a":1,}',
    '{"a":tru,',
    '{"a":"\n',
    '{"a":"\\x',
    '{"a":[1,]',
    `{${' '.repeat(40)}`,
  ])
    assert.equal(given(text), 'refused', text);
});
