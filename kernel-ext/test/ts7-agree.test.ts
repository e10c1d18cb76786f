import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

/** Cells, and what the last of them shows: a text, or a pattern of how it fails. Each is about a name that was declared anew. */
const CASES: Readonly<Record<string, readonly [cells: readonly string[], last: string | RegExp]>> = {
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
  'an instance in an object': [['class A { a = 1 }', 'const o = { one: new A() }', 'class A { b = 2 }', 'o.one.b'], /TS2339/],
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
  'a static member': [
    [
      'class A { a = 1 }',
      'function f() { return new A() }',
      'class C { static s = f() }',
      'class A { b = 2 }',
      'C.s.b.toFixed()',
    ],
    /TS2339/,
  ],
  'a static member, used rightly': [
    [
      'class A { a = 1 }',
      'function f() { return new A() }',
      'class C { static s = f() }',
      'class A { b = 2 }',
      'C.s.a.toFixed()',
    ],
    "'1'",
  ],
  'a static member of the class itself': [
    ['class A { a = 1 }', 'class C { static s = new A() }', 'class A { b = 2 }', 'C.s.b.toFixed()'],
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
  'a method of an instance': [
    [
      'class A { a = 1 }',
      'class Factory { make() { return new A() } }',
      'const factory = new Factory()',
      'class A { b = 2 }',
      'factory.make().a.toFixed()',
    ],
    /TS2339/,
  ],
  'a method of an instance, used rightly': [
    [
      'class A { a = 1 }',
      'class Factory { private readonly n = 1; make() { return new A() } }',
      'const factory = new Factory()',
      'function use(one: Factory) { return one.make() }',
      'class A { b = 2 }',
      'use(factory).b + factory.make().b',
    ],
    '4',
  ],
  'a method of an instance of a class that is not there any more': [
    [
      'function h() { return 1 }',
      'class A { get() { return h() } }',
      'const one = new A()',
      'class A { b = 2 }',
      'function h() { return "s" }',
      'one.get().toFixed()',
    ],
    /TS2339|TS2551/,
  ],
  'a member that was computed when the instance was made': [
    ['class A { a = 1 }', 'class Box { one = new A() }', 'const box = new Box()', 'class A { b = 2 }', 'box.one.b.toFixed()'],
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
  'a cell that failed before it declared the name': [
    [
      'class A { a = 1 }',
      'function f() { return new A() }',
      'try { throw 1 } finally { undefined }\nclass A { b = 2 }',
      'f().a.toFixed()',
    ],
    "'1'",
  ],
  'functions that use each other': [
    ['function a(): number { return 1 }', 'function b() { return a() }', 'function a() { return b.length }', 'b().toFixed()'],
    "'0'",
  ],
  'an accessor of an object': [
    ['let n = 1', 'const o = { get n() { return n } }', 'let n = "s"', 'o.n.toFixed()'],
    /TS2339|TS2551/,
  ],
  'a namespace': [
    [
      'class A { a = 1 }',
      'namespace N { export const one = new A(); export const make = () => new A() }',
      'class A { b = 2 }',
      '[N.one.a, N.make().b]',
    ],
    '[ 1, 2 ]',
  ],
  'what a class is derived from': [
    [
      'class A { a = 1 }',
      'class B extends A { make() { return new A() } }',
      'class A { b = 2 }',
      '[new B().a, new B().make().b]',
    ],
    '[ 1, 2 ]',
  ],
  'what a class that was renewed is derived from': [
    [
      'let n = 1',
      'class A { get() { return n } }',
      'class B extends A {}',
      'const one = new B()',
      'let n = "s"',
      '[one.get().toUpperCase(), new B().get().toUpperCase()]',
    ],
    "[ 'S', 'S' ]",
  ],
  'a part of an object': [
    ['let n = 1', 'const { get, other } = { get: () => n, other: n }', 'let n = "s"', 'get().toFixed()'],
    /TS2339|TS2551/,
  ],
  'a parameter that has a default': [
    ['const d = 1', 'function f(x = d) { return x }', 'const d = "s"', 'f().toFixed()'],
    /TS2339|TS2551/,
  ],
  'a type alias in a variable': [
    ['type T = { a: number }', 'const make = (): T => ({ a: 1 })', 'type T = { a: string }', 'make().a.toFixed()'],
    /TS2551|TS2339/,
  ],
  'a static that holds a function': [
    ['let n = 1', 'class C { static get = () => n }', 'let n = "s"', 'C.get().toFixed()'],
    /TS2339|TS2551/,
  ],
  'a class in a constant': [
    ['class A { a = 1 }', 'const C = class { make() { return new A() } }', 'class A { b = 2 }', 'new C().make().a.toFixed()'],
    /TS2339/,
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
  'a name that comes back': [
    ['class A { a = 1 }', 'const o = { make: () => new A() }', 'class A { b = 2 }', 'class A { a = 1 }', 'o.make().a'],
    '1',
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
  'a name that is imported anew': [
    [
      "import { join } from 'node:path'",
      'const o = { j: () => join("a", "b") }',
      'const join = () => 1',
      'o.j().length.toFixed()',
    ],
    /TS2339/,
  ],
  'an enum': [
    ['enum E { A = 1 }', 'const o = { e: E.A, get: () => E.A }', 'enum E { A = "a" }', 'o.get().toFixed()'],
    /TS2339|TS2551/,
  ],
  'an enum of before': [['enum E { A = 1 }', 'const o = { e: E.A }', 'enum E { A = "a" }', 'o.e.toFixed()'], "'1'"],
  'an abstract class and its parts': [
    [
      'interface Row { id: number }',
      'abstract class Table<T extends Row> { rows: T[] = []; add(row: T) { this.rows.push(row); return this } first(): T { return this.rows[0]! } }',
      'class Users extends Table<Row> {}',
      'const users = new Users().add({ id: 1 })',
      'interface Row { id: number; name: string }',
      'users.first().name.length',
    ],
    /TS2339/,
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
  'a field that the constructor gives its type': [
    [
      'function h() { return 1 }',
      'class B { v; constructor() { this.v = h() } }',
      'const b = new B()',
      'function h() { return "s" }',
      'b.v.toUpperCase()',
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
  'a class in a constant, with static members': [
    [
      'class A { a = 1 }',
      'const C = class { static one = new A(); static make = () => new A() }',
      'class A { b = 2 }',
      '[C.one.a, C.make().b]',
    ],
    '[ 1, 2 ]',
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
  'a deployment': [
    [
      'const help = (x: number) => x',
      'const D = serve.deployment(class D { constructor(private readonly n: number) {} call(x: number) { return help(x) + this.n } })',
      'const help = (x: string) => x.length',
      'const app = D.bind(1)',
      'typeof app',
    ],
    "'object'",
  ],
};

describe('types and the run agree', () => {
  for (const [name, [cells, last]] of Object.entries(CASES)) {
    it(name, async (t) => {
      const notebook = new TestNotebook();
      t.after(() => notebook.close());
      for (const code of cells.slice(0, -1)) {
        if (code.includes('throw')) await notebook.failure(code);
        else await notebook.value(code);
      }
      const code = cells.at(-1) as string;
      if (typeof last === 'string') assert.equal(await notebook.value(code), last);
      else assert.match(await notebook.failure(code), last);
    });
  }
});
