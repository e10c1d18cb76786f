import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { murmur2 } from './code-hash.js';

describe('the hash of code', () => {
  it('is that of other implementations of MurmurHash2', () => {
    assert.equal(murmur2('', 0), 0);
    assert.equal(murmur2('a', 0), 2_456_313_694);
    assert.equal(murmur2('abcd', 0), 646_393_889);
  });

  it('depends on each byte of UTF-8', () => {
    const texts = ['', 'é', 'è', 'a', 'ab', 'abc', 'abcd', 'abcde', '\u{1F600}'];
    assert.equal(new Set(texts.map((text) => murmur2(text))).size, texts.length);
  });
});
