import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCell } from './parse.js';
import { compiledFrom } from './same-function.js';

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
];

const OTHER: readonly (readonly [source: string, compiled: string])[] = [
  ['(x) => x + 1', '(x) => x + 2'],
  ['(x) => x + 1', '(x) => x - 1'],
  ['(x) => x + 1', '(y) => y + 1'],
  ['(x) => x.a', '(x) => x.b'],
  ['(x) => /a/.test(x)', '(x) => /a/i.test(x)'],
  ['() => [a, b]', '() => [b, a]'],
  ['() => 1', 'function () { [native code] }'],
];

function isSame(source: string, compiled: string): boolean {
  const [statement] = parseCell(`(${source})`);
  assert.ok(statement);
  return compiledFrom(compiled)(statement);
}

for (const [source, compiled] of SAME) test(`compiled from ${source}`, () => assert.ok(isSame(source, compiled)));
for (const [source, compiled] of OTHER)
  test(`${compiled} is not compiled from ${source}`, () => assert.ok(!isSame(source, compiled)));
