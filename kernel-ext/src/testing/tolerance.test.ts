import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isSameText, isSameValue, parseTolerance } from './tolerance.js';

describe('texts', () => {
  for (const [a, b, tolerance, same] of [
    ['[ 1.0000001, -2e-3 ]', '[ 1, -0.002 ]', 1e-6, true],
    ['[ 1.01, 2 ]', '[ 1, 2 ]', 1e-6, false],
    ['1', '1.0000000001', 0, false],
    ['x = 1', 'y = 1', 1, false],
    ['1 2', '1', 1, false],
    ['1e400', 'Infinity', 1, false],
    ['0', '-0', 1e-9, true],
    ['0', '2.2e-16', 1e-9, true],
    ['0', '1e-9', 1e-9, false],
    ['0', '2.2e-16', 0, false],
  ] as const)
    it(`${a} and ${b} are ${same ? '' : 'not '}the same with ${tolerance}`, () => {
      assert.equal(isSameText(a, b, tolerance), same);
      assert.equal(isSameText(b, a, tolerance), same);
    });
});

describe('values', () => {
  for (const [a, b, same] of [
    [{ a: [1, { b: null }], c: 'x' }, { c: 'x', a: [1.0000001, { b: null }] }, true],
    [{ a: 1 }, { a: '1' }, false],
    [{ a: 0 }, { a: -2.2e-16 }, true],
    [[1], { 0: 1 }, false],
    [{ a: undefined }, { b: undefined }, false],
    [{}, JSON.parse('{"__proto__": {}}'), false],
    [null, {}, false],
    [1, 1.1, false],
  ] as const)
    it(`${JSON.stringify(a)} and ${JSON.stringify(b)} are ${same ? '' : 'not '}the same`, () => {
      assert.equal(isSameValue(a, b, 1e-6), same);
      assert.equal(isSameValue(b, a, 1e-6), same);
    });
});

it('a tolerance is a number from 0 to 1', () => {
  assert.deepEqual(
    ['0', '1e-6', '1'].map((text) => parseTolerance(text, text)),
    [0, 1e-6, 1],
  );
  for (const text of ['', ' ', 'much', '-1', '2', 'NaN'])
    assert.throws(() => parseTolerance(text, 'this'), { code: 'NBS_BAD_TOLERANCE' }, text);
});
