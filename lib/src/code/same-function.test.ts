import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cell } from './cell.js';
import { isNode } from './parse.js';
import { likenessOf } from './same-function.js';

/** An expression of a cell, and what a host has compiled. */
const SAME: readonly (readonly [source: string, compiled: string])[] = [
  ['(x: number): number => x + 1', '(x) => x + 1'],
  ['async (x?: T) => { await (x as any)!.y /* why */ }', 'async (x) => {\n  await x.y;\n}'],
  ['function f<T>(this: T, { a, b = 1 }: Row) { return `${a}${b}` }', 'function f({ a, b = 1 }) { return `${a}${b}`; }'],
  ['(x) => help(x, { base })', '(x) => (0, exports.help)(x, { base: exports.base })'],
  [
    '(l: string[]) => { for (const x of l) x.trim() }',
    "(l) => { for (const x of l) { typeof __nbs_loop === 'function' && __nbs_loop(); x.trim() } }",
  ],
  ["() => import('x')", "() => (typeof __nbs === 'object' ? __nbs.import : (id) => import(id))('x')"],
  ['() => serve.deployment(class {})', '() => serve.deployment(__nbs_source("c#0", class {}))'],
  [
    "() => { function g() {} const h = () => 'a' }",
    '() => { function g() {} __name(g, "g"); const h = /* @__PURE__ */ __name(() => "a", "h") }',
  ],
  [
    'class A<T> extends B<T> implements C { declare d: T; #e = 1; static f(): T { return 2 as T } }',
    'class A extends B { #e = 1; static f() { return 2 } }',
  ],
  ['class A { constructor(private x = 1) {} }', 'class A { constructor(x = 1) { this.x = x; } }'],
  [
    'class A extends B { constructor(readonly x: T) { super(); go(); } }',
    'class A extends B { constructor(x) { super(); this.x = x; go(); } }',
  ],
  ['class A { constructor(private x = 1) {} }', 'class A {\n  constructor(x = 1) {\n    this.x = x;\n  }\n  x;\n}'],
  ["(s?: string) => s === undefined ? '' : s", '(s) => s === void 0 ? "" : s'],
  ['() => "a" + "b"', '() => "ab"'],
  ['(x, y) => [x].map((x) => x + y)', '(x2, y) => [x2].map((x3) => x3 + y)'],
  [
    '() => { enum E { A } return E.A }',
    '() => {\n  let E;\n  ((E2) => {\n    E2[E2["A"] = 0] = "A";\n  })(E || (E = {}));\n  return 0 /* A */;\n}',
  ],
  ['{ f(x: T) { return x } }', 'f(x) { return x; }'],
  ['{ async *[KEY](x: T) { yield x } }', 'async *[KEY](x) { yield x; }'],
  ['{ get f(): number { return 1 } }', 'get f() { return 1; }'],
  ['(x) => later(x)', "(x) => (typeof exports === 'object' && 'later' in exports ? exports.later : later)(x)"],
  [
    '(x?: string) => x === undefined ? rows.map((rows) => rows) : x',
    '(x) => x === void 0 ? exports.rows.map((rows) => rows) : x',
  ],
  [
    '{ f(x?: T) { return x === undefined ? load((load) => load) : x } }',
    'f(x) { return x === void 0 ? (0, exports.load)((load) => load) : x; }',
  ],
];

const OTHER: readonly (readonly [source: string, compiled: string])[] = [
  ['(x) => x + 1', '(x) => x + 2'],
  ['(x) => x + 1', '(x) => x - 1'],
  ['(x) => x + 1', '(y) => y + 1'],
  ['(x) => x.a', '(x) => x.b'],
  ['(x) => /a/.test(x)', '(x) => /a/i.test(x)'],
  ['() => [a, b]', '() => [b, a]'],
  ['() => 1', 'function () { [native code] }'],
  ['() => String.raw`\\n`', '() => String.raw`\n`'],
  ['() => n++', '() => ++n'],
  ['(q) => work(q)', 'async (q) => await work(q)'],
  ['(q) => work(q)', 'async (q) => work(q)'],
  ['(q) => q.a', '(q) => q?.a'],
  ['(q) => { if (q) a(); b() }', '(q) => { if (q) { a(); b() } }'],
  ['(q) => { for (;q;) a() }', '(q) => { for (q;;) a() }'],
  ['(a1, a2) => a1 - a2', '(a1, a2) => a2 - a1'],
  ['() => a1 - b', '() => a2 - b'],
  ['(x) => { const y = x; return y }', '(x) => { let y = x; return y }'],
  ['{ f(x) { return x + 1 } }', 'f(x) { return x * 100 }'],
  ['{ get f() { return 1 } }', 'get f() { return 2 }'],
  ['{ f(x) { return x } }', '(x) => x'],
  ['(x) => x === undefined ? rows.map((rows) => rows) : x', '(x) => x === void 0 ? exports.rows.map((rows) => -rows) : x'],
  ['(x) => x === undefined ? rows.map((rows) => rows) : x', '(x) => x === void 0 ? exports.list.map((rows) => rows) : x'],
];

const UNKNOWN: readonly (readonly [source: string, compiled: string])[] = [
  ['class { @log run() {} }', 'class {\n  run() {\n  }\n}'],
  ['(x) => timed(x)', '(x) => (0, __nbs_live0.timed)(x)'],
  ['(x) => readFileSync(x)', '(x) => (0, node_fs_1.readFileSync)(x)'],
];

function likeness(source: string, compiled: string): string {
  const cell = new Cell('cell[1].ts', `(${source})`, 0);
  const expression = cell.statements[0]?.expression;
  assert.ok(isNode(expression));
  const [member] = (expression.properties ?? []) as (typeof expression)[];
  return likenessOf(compiled, { cell, node: member ?? expression });
}

for (const [source, compiled] of SAME) test(`compiled from ${source}`, () => assert.equal(likeness(source, compiled), 'same'));
for (const [source, compiled] of OTHER)
  test(`${compiled} is not compiled from ${source}`, () => assert.equal(likeness(source, compiled), 'other'));
for (const [source, compiled] of UNKNOWN)
  test(`${compiled} may be compiled from ${source}`, () => assert.equal(likeness(source, compiled), 'unknown'));
