import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BIGINT_PATTERN, joinedPattern, NUMBER_PATTERN } from './template-pattern.js';

const ANY = '[\\s\\S]*';
const LONG = 1_000_000;

/** The parts of a template, in which `s`, `n` and `b` stand for a string, a number and a bigint. */
const parts = (template: string): string[] =>
  template.split('').map((sign) => ({ s: ANY, n: NUMBER_PATTERN, b: BIGINT_PATTERN, '.': '\\.' })[sign] ?? sign);

test('the pattern of a template type matches the same texts as its parts one after the other', () => {
  const texts = [
    '',
    '@',
    'a@b.c',
    'a@b',
    'a.b@c',
    '@.',
    '-1',
    '1',
    '1.5',
    'x1',
    '1x',
    'x-1.5e3',
    'x-1-y',
    'x-1-',
    '-1-1-',
    'x--1-y',
    'abab',
    'aab@ab.',
  ];
  const templates = [
    's',
    's@s.s',
    's@s',
    '@s',
    's@',
    'ns',
    'sn',
    'sns',
    'bs',
    'sb',
    's-n-s',
    's-n',
    'n-s',
    'ss',
    'n',
    'sabs',
    'sabsabs',
    'sab',
  ];
  for (const template of templates) {
    const joined = new RegExp(`^${joinedPattern(parts(template))}$`, 'u');
    const plain = new RegExp(`^${parts(template).join('')}$`, 'u');
    for (const text of texts) assert.equal(joined.test(text), plain.test(text), `${template}: ${text}`);
  }
});

test('a long text is checked against a template type in a time that grows with its length alone', () => {
  const isMatch = (template: string, text: string) => new RegExp(`^${joinedPattern(parts(template))}$`, 'u').test(text);
  assert.equal(isMatch('s@s.s', '@'.repeat(LONG)), false);
  assert.equal(isMatch('sabscd', 'ab'.repeat(LONG)), false);
  assert.equal(isMatch('sn', `${'1'.repeat(LONG)}x`), false);
  assert.equal(isMatch('s-n', `${'-1'.repeat(LONG)}x`), false);
  assert.equal(isMatch('s-n-s', '-1.5e'.repeat(LONG / 5)), false);
});
