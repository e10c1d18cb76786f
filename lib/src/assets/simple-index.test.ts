import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wheelOn } from './simple-index.js';

const SHA = 'a'.repeat(64);
const source = {
  registry: 'pypi',
  package: 'tiny',
  version: '1',
  wheel: 'tiny-1-py3-none-any.whl',
  path: 'x',
  sha256: SHA,
} as const;
const AT = 'https://index.example/simple/tiny/';
const FOUND = { url: 'https://index.example/files/tiny-1-py3-none-any.whl', sha256: SHA };

test('a wheel is found on a page of JSON or of HTML', () => {
  const files = [
    { filename: 'tiny-0-py3-none-any.whl', url: 'x', hashes: {} },
    { filename: source.wheel, url: '../../files/tiny-1-py3-none-any.whl', hashes: { sha256: SHA } },
  ];
  assert.deepEqual(wheelOn(JSON.stringify({ files }), AT, source), FOUND);
  const html = `<!doctype html>\n<a href="/files/tiny-0-py3-none-any.whl#sha256=${SHA}">a</a>
<a data-yanked="" href="../../files/tiny-1-py3-none-any.whl#sha256=${SHA}">b</a>`;
  assert.deepEqual(wheelOn(html, AT, source), FOUND);
});

test('a wheel without a sha256, or that is not there, is left to pip', () => {
  assert.equal(wheelOn('<a href="/files/tiny-1-py3-none-any.whl">a</a>', AT, source), null);
  assert.equal(wheelOn('{"files":[{"filename":"tiny-1-py3-none-any.whl","url":"x","hashes":{}}]}', AT, source), null);
  assert.equal(wheelOn('<html></html>', AT, source), null);
});
