/** Variables, objects, classes and functions arrive as the notebook has changed them. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { makeFolder } from '../fixtures/code-folder.js';
import { Notebook } from '../fixtures/code-notebook.js';
import { testShipped } from '../fixtures/code-shipped.js';

testShipped([
  // Objects that copy others
  [
    'an object that copies another one with its functions',
    [
      'const base = { greet(n: string) { return `Hi ${n}` }, more: { loud: (n: string) => `${n}!` } }',
      'const polite = { ...base, part() { return "Bye" } }; const louder = { ...base.more }',
      'class A { f() { return [polite.greet("A"), polite.part(), polite.more.loud("B"), polite.greet === base.greet, louder.loud("C")] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), ['Hi A', 'Bye', 'B!', true, 'C!']),
  ],
  [
    'of two functions with one name, the last one counts',
    [
      'const base = { greet() { return "base" } }; const first = { greet() { return "own" }, ...base }; const last = { ...base, greet() { return "own" } }',
      'const none = {}; const kept = { greet() { return "own" }, ...none, ...undefined }',
      'class A { f() { return [first.greet(), last.greet(), kept.greet()] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), ['base', 'own', 'own']),
  ],
  [
    'a function of another object, of a package and of a name for it',
    [
      'import path, { sep } from "node:path"; const { join } = path; const cjs = require("cjs-pkg"); const base = { run() { return 1 }, n: 2 }',
      'const v = { run: base.run, join, double: cjs.double, ...cjs, sep }',
      'class A { f() { return [v.run(), base.run(), v.join("a", "b"), v.double(2), v.name, base.run === v.run, v.sep] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), [1, 1, 'a/b', 4, 'cjs', true, '/']),
  ],
  [
    'functions below computed keys',
    [
      'const KEY = "greet"; const v = { greet() { return "old" }, [KEY]() { return "new" }, [`${KEY}2`]: 1 }',
      'class A { f() { return v.greet() } }',
    ],
    async (A, t) => t.equal(new A().f(), 'new'),
  ],
  // Getters and setters
  [
    'getters and setters',
    [
      'const PI = 3; const circle = { r: 2, get area() { return this.r ** 2 * PI }, set d(v: number) { this.r = v / 2 }, get half() { return this.r / 2 }, set half(v: number) { this.r = v * 2 } }',
      'circle.r = 5; const all = { list: [{ get n() { return circle.r } }] }',
      'class A { f() { const seen = [circle.area]; circle.r = 1; seen.push(circle.area); circle.d = 8; seen.push(circle.r, circle.half); circle.half = 7; return [...seen, circle.r, all.list[0]!.n, Object.keys(circle)] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), [75, 3, 4, 2, 14, 14, ['r', 'area', 'd', 'half']]),
  ],
  [
    'a getter that throws runs in the replica alone',
    [
      'const o = { get x(): number { throw new Error("closed") }, y: 1 }',
      'class A { f() { try { return o.x } catch { return o.y } } }',
    ],
    async (A, t) => t.equal(new A().f(), 1),
  ],
  [
    'a getter in an object that another one copies is a value there',
    ['let n = 1; const o = { get x() { return n } }; const copy = { ...o }', 'n = 2', 'class A { f() { return [o.x, copy.x] } }'],
    async (A, t) => t.deepEqual(new A().f(), [2, 1]),
  ],
  // Properties of classes and functions
  [
    'static fields that statements have changed',
    [
      'class Config { static threshold = 0.5; static names = ["a"]; static made = 0; static count() { return ++Config.made } static id = process.pid }',
      'Config.threshold = 0.9; Config.names.push("b"); Config.count()',
      'class A { static limits = new Map<string, number>(); f() { return [Config.threshold, Config.names, Config.made, Config.id === process.pid, A.limits.get("x")] } } A.limits.set("x", 1)',
    ],
    async (A, t) => t.deepEqual(new A().f(), [0.9, ['a', 'b'], 0, true, 1]),
  ],
  [
    'static fields that functions of older cells, patterns and loops have changed, and those of a class that was assigned',
    [
      'function configure(given: any) { Config.limit = 5; ({ word: Config.word, n: [Config.n] } = given); for (Config.last of [1, 2]); }',
      'class Config { static limit = 1; static word = ""; static n = 0; static last = 0; static made = process.pid }',
      'configure({ word: "a", n: [7] }); let K = class { static n = 1 }',
      'K = class { static n = 2 }; K.n = 9',
      'class A { f() { return [Config.limit, Config.word, Config.n, Config.last, Config.made === process.pid, K.n] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), [5, 'a', 7, 2, true, 9]),
  ],
  [
    'properties of functions',
    [
      'function greet() { return greet.lang } greet.lang = "de"; const arrow: any = () => 1',
      'Object.assign(arrow, { deep: { a: [1] } }); arrow.later = new Date(5)',
      'const table = { greet }; class A { f() { return [greet(), table.greet.lang, arrow.deep, arrow.later.getTime(), Object.keys(arrow)] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), ['de', 'de', { a: [1] }, 5, ['deep', 'later']]),
  ],
  [
    'a function that a namespace completes',
    [
      'function lib() { return lib.n } namespace lib { export let n = 1; export const f = () => 2 } lib.n = 3',
      'class A { f() { return [lib(), lib.f()] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), [3, 2]),
  ],
  [
    'a function that a namespace completes, below another value',
    [
      'const base = 10',
      'function lib() { return lib.n } namespace lib { export let n = 1 }',
      'lib.n = 3; class A { f() { return [base, lib()] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), [10, 3]),
  ],
  // Variables
  [
    'variables without a value',
    [
      'let limit: number | null = 5; let word: string | undefined = "a"; let run: (() => number) | undefined = () => 1',
      'limit = null; word = undefined; run = undefined',
      'class A { f() { return [limit, word, run] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), [null, undefined, undefined]),
  ],
  [
    'a module that was replaced by nothing',
    ['let lib: any = await import("esm-pkg")', 'lib = null', 'class A { f() { return lib } }'],
    async (A, t) => t.equal(new A().f(), null),
  ],
  [
    'a function of an imported module that was replaced, and one that was not',
    [
      'let { triple, default: hello }: any = await import("esm-pkg"); let lib: any = await import("esm-pkg")',
      'triple = (x: number) => x * 2; function stop() { hello = () => "none"; lib = undefined }',
      'class A { f() { return [triple(2), hello(), lib.triple(2)] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), [4, 'esm', 6]),
  ],
  [
    'a module that is imported again into its variable',
    [
      'let lib = await import("esm-pkg"); let math = await import("esm-pkg"); async function reload() { math = await import("esm-pkg") }',
      'lib = await import("esm-pkg")',
      'class A { f() { return [lib.triple(2), math.triple(3)] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), [6, 9]),
  ],
  [
    'a method whose text the compiler changes, beside data that changes',
    [
      '/** @jsxRuntime classic */ /** @jsx h */ const h = (tag: string) => tag; const stats = { count: 0, sums: [0], tag() { return <b /> } }; const list = [{ n: 0 }, () => <i />] as const',
      'stats.count++; stats["sums"].push(5); list[0].n = 4',
      'class A { f() { return [stats.count, stats.sums, stats.tag(), list[0].n, list[1]()] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), [1, [0, 5], 'b', 4, 'i']),
  ],
  [
    'a variable that some function may give another function',
    [
      'let n = 1; let next = () => n++; let ask = (q: number) => [q]; function never() { next = () => ++n; ask = async (q) => [q] as any }',
      'let norm = (s?: string) => s === undefined ? "a" + "b" : [s].map((s) => s); function setNorm(f: any) { norm = f }',
      'const mark = (Class: any, _: unknown) => Class; let Box = class { constructor(readonly size = 1) {} }; function setBox(f: any) { Box = f }',
      'class A { f() { return [next(), ask(1), norm(), norm("x"), new Box(3).size] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), [1, [1], 'ab', ['x'], 3]),
  ],
  [
    'methods of cells with JSX and enums',
    [
      'const React = { createElement: (tag: string) => tag }; const numbers = [1, 2]; enum Size { S = 2 }',
      '/** @jsxRuntime classic */ const views = { row(s?: string) { return s === undefined ? <tr /> : <td /> }, size() { return Size.S }, get n() { return [1].map((n) => n) } }; namespace Box { export enum Kind { A = 1 } } const enum Small { S = 3 } enum Own { O = "o" } const own = { all: () => [Own.O, Box.Kind.A, Small.S] }; let late = () => Own.O; function setLate(f: any) { late = f }',
      'enum Side { Left } const sides = { all(x?: string) { return x === undefined ? numbers.map((numbers) => numbers) : [x, Side.Left] } }',
      'class A { f() { return [views.row(), views.size(), views.n, own.all(), late(), sides.all()] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), ['tr', 2, [1], ['o', 1, 3], 'o', [1, 2]]),
  ],
  [
    'functions that later cells assign',
    [
      'let f = (x: number) => x + 1; let g = (x: number) => x + 1; let h = (x: number) => x',
      'f = (x: number) => x * 100; if (f(1) === 100) g = (x: number) => x * 10; function swap() { h = (x: number) => -x }',
      'swap()',
      'class A { f() { return [f(2), g(2), h(2)] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), [200, 20, -2]),
  ],
]);

const { folder, remove } = makeFolder();
after(remove);

test('what is no data is not put on a function, and a note says so', async () => {
  const notebook = new Notebook(folder);
  await notebook.run('function greet() { return 1 } greet.helper = () => 2; greet.lang = "de"');
  await notebook.run('class A { f() { return greet() } }');
  const { notes } = await notebook.pack('A');
  assert.deepEqual(notes, ['greet.helper was set by a statement and is not sent, because it is no data']);
});
