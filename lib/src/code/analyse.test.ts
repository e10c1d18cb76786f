import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyse } from './analyse.js';
import { parseCell } from './parse.js';
import { resolve } from './scope.js';

/** The names that a cell uses and does not declare. A name that is evaluated while the cell runs ends with `!`. */
function free(source: string): string {
  const { references } = analyse(parseCell(source), source.length);
  const names = references
    .filter((reference) => resolve(reference) === null)
    .map(({ name, depth }) => `${name}${depth === 0 ? '!' : ''}`);
  return [...new Set(names)].sort().join(' ');
}

const CASES: readonly (readonly [source: string, free: string])[] = [
  ['a', 'a!'],
  ['a.b.c; a?.b; a[b]', 'a! b!'],
  ['({ a, b: c, [d]: e, f() { g } })', 'a! c! d! e! g'],
  ['const { a, b: { c = d }, ...e } = f; a + c + e', 'd! f!'],
  ['({ a, b: [c = d] } = e)', 'a! c! d! e!'],
  ['function f(a, { b = c }, ...d) { return a + b + d + arguments.length + f }', 'c'],
  ['(() => a)(); (function () { b })()', 'a! b!'],
  ['[1].map(() => a)', 'a'],
  ['class A extends B { [c] = d; static e = f; static { g; var h; h } i(j = k) { return A } }', 'B! c! d f! g! k'],
  ['class A { @a b; @c() d() {} constructor(@e f: T, private readonly g = h) { g } }', 'a! c! e! h'],
  ['const A = class B { m() { return B } }; B', 'B!'],
  ['const f = function g() { return g }; g', 'g!'],
  ['let x: T<U> = y as V; z satisfies W; (v! as any); f<G>(h)', 'f! h! v! y! z!'],
  ['interface I extends J { a: K } type T = typeof u; declare const q: R; declare function w(): void', ''],
  ['enum E { A = b, C = A, D = `${A}` } E.A', 'b!'],
  ['namespace N { export const a = b; const c = a } namespace N { export const d = a + c }', 'b! c!'],
  ['namespace Types { export interface A { b: c } } Types', 'Types!'],
  ['a: for (const b of c) { if (b) continue a; break a }', 'c!'],
  ['for (let i = 0; i < n; i += 1) {} i', 'i! n!'],
  ['for (var i in o) {} i', 'o!'],
  ['try { a } catch ({ b }) { b } b', 'a! b!'],
  ['switch (a) { case b: let c; c } c', 'a! b! c!'],
  ['{ function f() {} let g; f; g } g', 'g!'],
  ['import a, { b as c, type D } from "e"; import * as f from "g"; import type H from "h"; [a, c, f, D, H]', 'D! H!'],
  ['typeof a; delete b.c; d++; e.f = g', 'a! b! d! e! g!'],
  ['`${a}${`${b}`}`; c`${d}`', 'a! b! c! d!'],
  ['async () => { for await (const a of b) using c = d; await e }', 'b d e'],
  ['new.target; import.meta.url; this; super.x', ''],
  ['import A = B.C; import d = require("e"); A; d', 'B!'],
  ['function over(a: string): void; function over(a: unknown) { a }', ''],
  ['function f(this: T) { return this }', ''],
  ['class P { #a = 1; #b() { return #a in c } accessor d = e }', 'c e'],
];

for (const [source, expected] of CASES) test(source, () => assert.equal(free(source), expected));

test('kinds of references', () => {
  const source = 'a = 1; b.c = 2; d.e.f++; delete g.h; typeof i; ({ j }); [k] = l';
  const { references } = analyse(parseCell(source), source.length);
  assert.deepEqual(
    references.map(({ name, kind, shorthand }) => `${name}:${kind}${shorthand ? ':shorthand' : ''}`),
    ['a:write', 'b:mutate', 'd:mutate', 'g:mutate', 'i:typeof', 'j:read:shorthand', 'k:write', 'l:read'],
  );
});

test('a cell that cannot be parsed has no declarations and throws nothing', () => {
  assert.doesNotThrow(() => parseCell('class {{{ ``` '));
});
