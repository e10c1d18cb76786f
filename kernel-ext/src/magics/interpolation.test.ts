import assert from 'node:assert/strict';
import { it } from 'node:test';
import { interpolated } from './interpolation.js';

const NAMES = ['dir', 'file', 'pattern', 'with$sign', 'with'];
const test = { isName: (name: string) => NAMES.includes(name), isExpression: () => false };

it('a `$` behind a name belongs to the name only if there is such a name', () => {
  for (const [line, pieces, values] of [
    ['rm -rf $dir$file', ['rm -rf ', '', ''], ['dir', 'file']],
    ['"$pattern$"', ['"', '$"'], ['pattern']],
    ['$with$sign$dir', ['', '', ''], ['with$sign', 'dir']],
    ['$with$other', ['', '$other'], ['with']],
    ['$dir$$file', ['', '$file'], ['dir']],
    ['$other$file', ['$other', ''], ['file']],
    ['$$dir$file', ['$dir', ''], ['file']],
  ] as const) {
    const found = interpolated(line, test);
    assert.deepEqual(found.pieces, pieces, line);
    assert.deepEqual(
      found.values.map(({ start, end }) => line.slice(start, end)),
      values,
      line,
    );
  }
});
