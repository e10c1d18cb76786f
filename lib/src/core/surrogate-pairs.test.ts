import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { beginningOf, endsWithHalf, wellFormedJson } from './surrogate-pairs.js';

/** Texts of what could be mistaken for each other: halves, whole pairs, backslashes, and the letters of an escape. */
const texts = fc
  .array(fc.constantFrom('\ud83d', '\ude00', '😀', '\\', '\\\\', '\\ud83d', 'ud83d', '\\ude00', 'a', '"', '\n', '\ufffd'))
  .map((parts) => parts.join(''));

const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');

describe('wellFormedJson', () => {
  it('replaces the halves of pairs that stand alone, and nothing else', () => {
    fc.assert(
      fc.property(texts, texts, (key, value) => {
        const json = JSON.stringify({ [key]: [value] });
        assert.deepEqual(JSON.parse(wellFormedJson(json)), { [wellFormed(key)]: [wellFormed(value)] });
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves a backslash and a u that the text has', () => {
    const json = JSON.stringify({ code: "'\\ud83d' + `\\\\ud83d` + 'C:\\udev'" });
    assert.equal(wellFormedJson(json), json);
    assert.equal(wellFormedJson(JSON.stringify('\\\ud83d\\')), '"\\\\\ufffd\\\\"');
  });
});

it('the beginning of a text does not end within a pair', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), fc.nat(20), (text, units) => {
      const beginning = beginningOf(text, units);
      assert.ok(text.startsWith(beginning) && !endsWithHalf(beginning));
      assert.ok(beginning.length >= Math.min(text.length, units) - 1 && beginning.length <= units);
    }),
  );
  assert.deepEqual([beginningOf('a😀b', 2), beginningOf('a😀b', 3), beginningOf('ab', 2)], ['a', 'a😀', 'ab']);
});
