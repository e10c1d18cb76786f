import { describe } from 'node:test';
import { type CellCases, runCases } from './session-harness.js';

/** Each case is about a function that uses a name that was declared again. */
const CASES: CellCases = {
  'a function in an object': [
    ['class A { a = 1 }', 'const o = { make: () => new A() }', 'class A { b = 2 }', 'o.make().a.toFixed()'],
    /TS2339/,
  ],
  'a function in an object, used rightly': [
    ['class A { a = 1 }', 'const o = { make: () => new A() }', 'class A { b = 2 }', 'o.make().b.toFixed()'],
    "'2'",
  ],
  'an object of an instance and a function': [
    ['class A { a = 1 }', 'const o = { one: new A(), make: () => new A() }', 'class A { b = 2 }', '[o.one.a, o.make().b]'],
    '[ 1, 2 ]',
  ],
  'a bound function': [
    ['let n = 1', 'function get() { return n }', 'const bound = get.bind(null)', 'let n = "s"', 'bound().toFixed()'],
    /TS2339|TS2551/,
  ],
  'a function that was made of one': [
    ['let n = 1', 'function memo<T>(f: () => T) { return () => f() }', 'const m = memo(() => n)', 'let n = "s"', 'm().toFixed()'],
    /TS2339|TS2551/,
  ],
  'a function of a function of an earlier cell': [
    [
      'class A { a = 1 }',
      'function maker() { return () => new A() }',
      'const make = maker()',
      'class A { b = 2 }',
      'make().a.toFixed()',
    ],
    /TS2339/,
  ],
  'a result of a function': [
    ['function f() { return 1 }', 'const r = { v: f() }', 'function f() { return "s" }', 'r.v.toFixed()'],
    "'1'",
  ],
  'a result of a function of the cell': [
    ['class A { a = 1 }', 'function f() { return new A() } const one = f()', 'class A { b = 2 }', 'one.b.toFixed()'],
    /TS2339/,
  ],
  'a list that was made by a function': [
    ['class A { a = 1 }', 'const list = [1, 2].map(() => new A())', 'class A { b = 2 }', 'list[0].b.toFixed()'],
    /TS2339|TS2532/,
  ],
  'a function with a type': [
    ['class A { a = 1 }', 'const make: () => A = () => new A()', 'class A { b = 2 }', 'make().a.toFixed()'],
    /TS2339/,
  ],
  'functions that use each other': [
    ['function a(): number { return 1 }', 'function b() { return a() }', 'function a() { return b.length }', 'b().toFixed()'],
    "'0'",
  ],
  'a parameter that has a default': [
    ['const d = 1', 'function f(x = d) { return x }', 'const d = "s"', 'f().toFixed()'],
    /TS2339|TS2551/,
  ],
  'a static that holds a function': [
    ['let n = 1', 'class C { static get = () => n }', 'let n = "s"', 'C.get().toFixed()'],
    /TS2339|TS2551/,
  ],
  'a function that is called where it stands': [
    ['class A { a = 1 }', 'const one = (() => new A())()', 'class A { b = 2 }', 'one.b.toFixed()'],
    /TS2339/,
  ],
  'what is called where it stands, used rightly': [
    ['class A { a = 1 }', 'const one = (() => new A())()', 'class A { b = 2 }', 'one.a.toFixed()'],
    "'1'",
  ],
  'a promise': [
    [
      'class A { a = 1 }',
      'const load = async () => new A()',
      'const one = await load()',
      'class A { b = 2 }',
      'one.a + (await load()).b',
    ],
    '3',
  ],
  'a promise that is kept': [
    [
      'class A { a = 1 }',
      'async function load() { return new A() }',
      'const later = load()',
      'class A { b = 2 }',
      '(await later).b',
    ],
    /TS2339/,
  ],
  'a map of functions': [
    ['let n = 1', 'const all = new Map([["get", () => n]])', 'let n = "s"', 'all.get("get")!().toFixed()'],
    /TS2339|TS2551/,
  ],
  'a generator': [
    [
      'class A { a = 1 }',
      'function* all() { yield new A() }',
      'const some = [...all()]',
      'class A { b = 2 }',
      '[some[0]!.a, [...all()][0]!.b]',
    ],
    '[ 1, 2 ]',
  ],
  'a function of two cells ago': [
    ['const k = 1', 'const f = () => k', 'const g = () => f()', 'const h = { g }', 'const k = "s"', 'h.g().toFixed()'],
    /TS2339|TS2551/,
  ],
  'a variable that was given another function': [
    [
      'class A { a = 1 }',
      'const old = new A(); let make = () => new A()',
      'make = () => old',
      'class A { b = 2 }',
      'make().b.toFixed()',
    ],
    /TS2339/,
  ],
  'a generic function': [
    [
      'const wrap = <T,>(x: T) => [x]',
      'const o = { wrap: <T,>(x: T) => wrap(x) }',
      'const wrap = <T,>(x: T) => ({ x })',
      'o.wrap(1).x',
    ],
    '1',
  ],
  'a function of the cell that makes an application': [
    [
      'const help = (x: number) => x',
      'const help = (x: number) => String(x); const D = serve.deployment(class E { call(x: number) { return help(x) } }); const app = D.bind()',
      'function help(x: number) { return [x] } const app2 = D.bind(); typeof app2',
    ],
    "'object'",
  ],
  'a generator that has begun': [
    [
      'class A { a = 1 }',
      'function* all() { while (true) yield new A() }',
      'const it = all()',
      'it.next()',
      'class A { b = 2 }',
      'it.next().value!.a.toFixed()',
    ],
    /TS2339/,
  ],
  'a function that is there twice': [
    [
      'let n = 1',
      'const add = (a: number) => (b: number) => [a, b, n]',
      'const add1 = add(1)',
      'let n = "s"',
      'add1(2)[2].toFixed()',
    ],
    /TS2339|TS2551/,
  ],
  'a function that was given to an object': [
    [
      'class A { a = 1 }',
      'class Lazy<T> { constructor(private f: () => T) {} get() { return this.f() } }',
      'const lazy = new Lazy(() => new A())',
      'class A { b = 2 }',
      'lazy.get().a.toFixed()',
    ],
    /TS2339/,
  ],
  'the inside of a function': [
    ['const cfg = { name: "x" }', 'function show() { return cfg.name.length }', 'const cfg = { title: "x" }', 'show()'],
    /TS2339.*names that 'show' uses were declared anew.*Run the cell/,
  ],
  'the inside of a function that another one uses': [
    [
      'const cfg = { name: "x" }',
      'function show() { return cfg.name.length } const twice = () => show() * 2',
      'const cfg = { title: "x" }',
      'twice()',
    ],
    /TS2339.*names that 'twice' uses/,
  ],
  'the inside of a function, once its cell has run again': [
    ['const cfg = { name: "x" }', 'function show() { return Object.keys(cfg)[0] }', 'const cfg = { title: "x" }', 'show()'],
    "'title'",
  ],
  'a function beside one that is wrong by now': [
    [
      'const cfg = { name: "x" }',
      'function show() { return cfg.name.length } function other() { return 1 }',
      'const cfg = { title: "x" }',
      'other()',
    ],
    '1',
  ],
  'a method behind a variable of either class': [
    [
      'const cfg = { name: "x" }',
      'class S { show() { return cfg.name.length } } function make() { return new S() }',
      'const s = make()',
      'const cfg = { title: "x" }',
      's.show()',
    ],
    /declared anew/,
  ],
  'a method behind an await': [
    [
      'const cfg = { name: "x" }',
      'class S { show() { return cfg.name.length } } async function load() { return new S() }',
      'const t = await load()',
      'const cfg = { title: "x" }',
      't.show()',
    ],
    /declared anew/,
  ],
  'a method behind a variable with a type': [
    [
      'const cfg = { name: "x" }',
      'class S { show() { return cfg.name.length } }',
      'let s: S = new S()',
      'const cfg = { title: "x" }',
      's.show()',
    ],
    /declared anew/,
  ],
  'a function that assigns': [
    ['class A { a = 1 }', 'let one = new A(); function renew() { one = new A() }', 'class A { b = 2 }', 'renew()'],
    /TS2741|TS2322/,
  ],
  'a function that says its type': [
    [
      'interface R { id: number }',
      'const rows: R[] = [{ id: 1 }]; function find(): R { return rows[0]! }',
      'interface R { id: number; name: string }',
      'find().name.length',
    ],
    /TS2741|TS2322/,
  ],
};

describe('types and the run agree on functions', () => {
  runCases(CASES);
});
