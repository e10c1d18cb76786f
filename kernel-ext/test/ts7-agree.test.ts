import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CellCases, runCases, TestNotebook } from './session-harness.js';

/** Each case is about a value or a type that uses a name that was declared again. */
const CASES: CellCases = {
  'a variable with a type that holds the old': [
    ['class A { a = 1 }', 'let one: A = new A()', 'one.a', 'class A { b = 2 }', 'one.b.toFixed()'],
    /TS2339/,
  ],
  'and then the new': [
    ['class A { a = 1 }', 'let one: A = new A()', 'class A { b = 2 }', 'one = new A()', 'one.b.toFixed()'],
    "'2'",
  ],
  'a list with a type that was empty': [
    [
      'interface P { x: number }',
      'const list: P[] = []',
      'interface P { x: number; y: number }',
      'list.push({ x: 1, y: 2 })',
      'list[0]?.y',
    ],
    '2',
  ],
  'a list with a type that was not': [
    [
      'interface P { x: number }',
      'const list: P[] = []',
      'list.push({ x: 1 })',
      'interface P { x: number; y: number }',
      'list[0]!.y.toFixed()',
    ],
    /TS2339/,
  ],
  'an accessor of an object': [
    ['let n = 1', 'const o = { get n() { return n } }', 'let n = "s"', 'o.n.toFixed()'],
    /TS2339|TS2551/,
  ],
  'a part of an object': [
    ['let n = 1', 'const { get, other } = { get: () => n, other: n }', 'let n = "s"', 'get().toFixed()'],
    /TS2339|TS2551/,
  ],
  'a type alias in a variable': [
    ['type T = { a: number }', 'const make = (): T => ({ a: 1 })', 'type T = { a: string }', 'make().a.toFixed()'],
    /TS2551|TS2339/,
  ],
  'a name that comes back': [
    ['class A { a = 1 }', 'const o = { make: () => new A() }', 'class A { b = 2 }', 'class A { a = 1 }', 'o.make().a'],
    '1',
  ],
  'a name that is imported anew': [
    [
      "import { join } from 'node:path'",
      'const o = { j: () => join("a", "b") }',
      'const join = () => 1',
      'o.j().length.toFixed()',
    ],
    /TS2339/,
  ],
  'a variable that no cell has assigned': [['let n: number', 'const show = () => n.toFixed()', 'n.toFixed()'], /TS2454/],
  'and that the cell assigns first': [['let n: number', 'n = 1; n.toFixed()'], "'1'"],
  'and that a cell has assigned': [['let n: number', 'const set = () => { n = 2 }; set()', 'n.toFixed()'], "'2'"],
  'and that a function sets which no cell uses': [['let n: number; function set() { n = 1 }', 'n.toFixed()'], /TS2454/],
  'and that a function of a later cell sets': [['let n: number', 'const set = () => { n = 1 }', 'n.toFixed()'], /TS2454/],
  'and that a function sets which a cell calls': [['let n: number; function set() { n = 3 }', 'set()', 'n.toFixed()'], "'3'"],
  'and that a function sets which the cell calls first': [
    ['let n: number; function set() { n = 4 }', 'set(); n.toFixed()'],
    "'4'",
  ],
  'and that a method sets which a cell calls through a function': [
    ['let n: number; class A { set() { n = 5 } }', 'const make = () => new A()', 'make().set()', 'n.toFixed()'],
    "'5'",
  ],
  'and that a callback of its cell sets': [['let n: number; [6].forEach((x) => { n = x })', 'n.toFixed()'], "'6'"],
  'and that a function sets which its cell uses': [
    ['let n: number; const set = (x: number) => { n = x }; [7].forEach(set)', 'n.toFixed()'],
    "'7'",
  ],
  'and that its own cell assigns': [['let n: number; for (n of [1, 2]);', 'n.toFixed()'], "'2'"],
  'and that may be undefined': [['let n: number | undefined', 'n?.toFixed() ?? "none"'], "'none'"],
  'and that is said to have a value': [['let n!: number', 'typeof n'], "'undefined'"],
  'and whose type is declared again after it was assigned': [
    ['class A { a = 1 }', 'let one: A', 'one = new A()', 'class A { b = 2 }', 'one = new A(); one.b', 'one.b.toFixed()'],
    "'2'",
  ],
};

describe('types and the run agree on values and types', () => {
  runCases(CASES);

  it('after a cell that failed before it declared the name', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    await notebook.value('class A { a = 1 }');
    await notebook.value('function f() { return new A() }');
    await notebook.failure('try { throw 1 } finally { undefined }\nclass A { b = 2 }');
    assert.equal(await notebook.value('f().a.toFixed()'), "'1'");
  });

  it('after a cell that failed before it assigned the variable', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    for (const code of ['class A { a = 1 }', 'let one: A = new A()', 'class A { b = 2 }']) await notebook.value(code);
    const failing = "one = (() => { throw new Error('no') })()";
    for (const code of [failing, failing, `const more = 1; ${failing}`]) {
      await notebook.failure(code);
      assert.match(await notebook.failure('one.b.toFixed()'), /TS2339/);
    }
    assert.equal(await notebook.value('more'), '1');
    await notebook.value('one = new A()');
    assert.equal(await notebook.value('one.b.toFixed()'), "'2'");
  });

  for (const [what, [failing, later, ends]] of Object.entries({
    'a var': ['var n = f()', 'n.toFixed()', /TS2454/],
    'a var of a loop': ['for (var n of [f()]) n++', 'n.toFixed()', /TS2454/],
    'a var in a block': ['{ var n = f() }', 'n.toFixed()', /TS2454/],
    'a var of a pattern': ['var { n, m = 1 } = { n: f() }', 'n.toFixed() + m', /TS2454[\s\S]*TS2454/],
    'a var that may be undefined': ['var n = f() as number | undefined', 'n?.toFixed() ?? "none"', "'none'"],
    'a var that is declared without a type': ['var n; f()', 'typeof n', "'undefined'"],
    'a var that a later cell sets': ['var n = f()', 'n = 2; n.toFixed()', "'2'"],
    'a let': ['let n = f()', 'n.toFixed()', /TS2304/],
    'a using': ['using n = { v: f(), [Symbol.dispose]() {} }', 'n.v', /TS2304/],
    'an enum': ['f(); enum E { A }', 'E.A', /TS2304/],
    'a namespace': ['f(); namespace N { export const a = 1 }', 'N.a', /TS2304/],
  } satisfies Record<string, [string, string, string | RegExp]>)) {
    it(`after a cell that failed before it gave a value to ${what}`, async (t) => {
      const notebook = new TestNotebook();
      t.after(() => notebook.close());
      await notebook.value('let fails = true; function f(): number { if (fails) throw new Error("no"); return 1 }');
      await notebook.failure(failing);
      if (typeof ends === 'string') assert.equal(await notebook.value(later), ends);
      else assert.match(await notebook.failure(later), ends);
      // The same cell again.
      await notebook.value('fails = false');
      await notebook.value(failing);
      await notebook.value(later);
    });
  }

  it('after a cell that failed before it gave a new value to a var', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    for (const code of ['var n = 1', 'enum E { A }', 'const fail = (): string => { throw new Error("no") }'])
      await notebook.value(code);
    await notebook.failure('var n = fail(); enum E { B }');
    assert.equal(await notebook.value('n.toFixed() + E.A'), "'10'");
  });

  it('after a cell that left out a block', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    await notebook.value(
      'const none: number[] = []; var found = none[0]; if (none.length > 0) { var n = 1 } for (var each of none);',
    );
    assert.match(await notebook.failure('n.toFixed(); each.toFixed()'), /TS2454[\s\S]*TS2454/);
    assert.equal(await notebook.value('String(found)'), "'undefined'");
    await notebook.value('n = 2');
    assert.equal(await notebook.value('n.toFixed()'), "'2'");
  });
});
