import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeAt } from './cursor-place.js';

/** The place of the `|`, which is no part of the code. */
function at(marked: string): string {
  const cursor = marked.indexOf('|');
  const place = placeAt(marked.replace('|', ''), cursor);
  return place.kind === 'text' ? `text ${place.quote} ${place.from}` : place.kind;
}

test('code, strings, templates, comments and patterns are told apart', () => {
  for (const [code, kind] of [
    ['abc|', 'code'],
    ['"ab|c"', 'text " 1'],
    ["user['na|", "text ' 6"],
    ["'a\\'b|'", "text ' 1"],
    ["'a' + |", 'code'],
    ["'a\n|", 'code'],
    ['`a${b|}c`', 'code'],
    ['`a${b}c|`', 'text ` 1'],
    ['`a${`x${ {y} }`}c|`', 'text ` 1'],
    ['`a${b}`|', 'code'],
    ['// a|', 'comment'],
    ['// a\n|', 'code'],
    ['/* a|', 'comment'],
    ['/* a */|', 'code'],
    ['/* a *|/', 'comment'],
    ['a / b / "c|"', 'text " 9'],
    ['x = /["/\']|/', 'pattern'],
    ["x = /'/.test(|", 'code'],
    ['f(/a/, "|', 'text " 8'],
    ["'// a|", "text ' 1"],
    ['<p><b>x</b>{who.|}</p>', 'code'],
    ['<p><Row n={1} /> {who.|}</p>', 'code'],
    ['f({ a }, />"/, |', 'code'],
  ]) {
    assert.equal(at(code as string), kind, code);
  }
});

test('the brackets that are open around the cursor are known', () => {
  const place = placeAt('f(a, [1], g(")", ', 17);
  assert.deepEqual(place, { kind: 'code', open: [1, 11] });
});
