import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenText } from './token-text.js';

/** Each token is a byte, as in the worst case of a byte-pair encoder. */
const decode = (tokens: readonly number[]) => new TextDecoder().decode(Uint8Array.from(tokens));

function pieces(bytes: Iterable<number>): string[] {
  const text = new TokenText(decode);
  return [...[...bytes].map((byte) => text.push(byte)), text.end()];
}

test('a character comes when its last byte is there', () => {
  const bytes = new TextEncoder().encode('aé€😀z');
  assert.deepEqual(pieces(bytes), ['a', '', 'é', '', '', '€', '', '', '', '😀', 'z', '']);
});

test('bytes that are no text come as replacement characters, and do not hold up what follows', () => {
  assert.equal(pieces([0xff, 0xff, 0xff, 0xff, 97, 98]).join(''), '\uFFFD\uFFFD\uFFFD\uFFFDab');
  assert.equal(pieces([97, 0xf0, 0x9f]).join(''), 'a\uFFFD');
});

test('a decoder that drops the space of the first token does not drop it later', () => {
  const words = [' The', ' capital'];
  const text = new TokenText((tokens) =>
    tokens
      .map((token) => words[token])
      .join('')
      .replace(/^ /, ''),
  );
  assert.deepEqual([text.push(0), text.push(1)], ['The', ' capital']);
});
