import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourceRegistry } from './source-registry.js';

/** Cells in JavaScript, and the source of the function that `f` has at the end. A kernel tells of a function when the cell that declares it has ended. */
const CASES: readonly (readonly [cells: readonly string[], source: string | undefined])[] = [
  [['let f = (x) => x + 1'], 'c1:f'],
  [['let f = (x) => x + 1; f = (x) => x * 100'], 'c1=f'],
  [['let f = (x) => 1; f = (x) => 2; f = (x) => 3'], 'c1=f@36'],
  [['let f = (x) => 1; if (f(0) === 1) f = (x) => 2; else f = (x) => 3'], 'c1=f'],
  [['let f = (x) => 1; if (f(0) === 0) f = (x) => 2'], 'c1:f'],
  [['let f = (x) => 1; function swap() { f = (x) => 2 } swap()'], 'c1=f'],
  [['let f = (x) => 1; function swap() { f = (x) => 2 }'], 'c1:f'],
  [['let f = (x) => 1; function swap() { f = (x) => 2 }', 'swap()'], 'c1=f'],
  [['let f = (x) => 1; f = ((g) => (x) => g(x))(f)'], undefined],
  [['let f = (x) => 1; f = [f][0]'], 'c1:f'],
  [['let f = (x) => 1', 'f = (x) => 2'], 'c2=f'],
  [['let f = (x) => 1', 'f = (x) => 2', 'f = ((g) => (x) => g(x))(f)'], undefined],
  [['let f; f = (x) => 2'], 'c1=f'],
  [['let f = class { a() { return 1 } }; f = class { a() { return 2 } }'], 'c1=f'],
  [['let f = (x) => 1; { let f = 2; f = 3 }'], 'c1:f'],
];

for (const [cells, source] of CASES) {
  test(cells.join(' | '), () => {
    const value = new Function(`${cells.join('\n')}; return f`)();
    const registry = new SourceRegistry({ folder: '/', lookup: (name) => (name === 'f' ? value : undefined) });
    for (const [n, cell] of cells.entries()) registry.addCell({ id: `c${n + 1}`, source: cell });
    assert.equal(registry.sourceOf(value), source);
    registry.bind('c1', 'f', value);
    assert.equal(registry.sourceOf(value), source);
  });
}

test('a cell that is run again declares its function anew', () => {
  let value: unknown = () => 1;
  const registry = new SourceRegistry({ folder: '/', lookup: () => value });
  registry.addCell({ id: 'c1', source: 'let f = () => 1' });
  registry.bind('c1', 'f', value);
  registry.addCell({ id: 'c2', source: 'f = () => 2' });
  value = () => 2;
  registry.bind('c1', 'f', value);
  registry.addCell({ id: 'c3', source: 'let f = () => <p/>' });
  // What it was compiled to is another text.
  value = () => 'p';
  registry.bind('c3', 'f', value);
  assert.equal(registry.sourceOf(value), 'c3:f');
});
