import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { toCodePoints, toUtf16 } from './code-points.js';

it('cursor positions convert both ways, at every code point', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const points = [...text];
      for (let at = 0; at <= points.length; at += 1) {
        const index = points.slice(0, at).join('').length;
        assert.equal(toUtf16(text, at), index);
        assert.equal(toCodePoints(text, index), at);
      }
    }),
  );
  assert.equal(toUtf16('ab', 99), 2);
});
