/** What cells declare works in a process that has run none of them. */
import { testShipped } from '../fixtures/code-shipped.js';

testShipped([
  // Declarations
  ['a class', ['class A { f() { return 1 } }'], async (A, t) => t.equal(new A().f(), 1)],
  ['a class keeps its name', ['class A {}'], async (A, t) => t.equal(A.name, 'A')],
  ['a function', ['function A(x: number): number { return x + 1 }'], async (A, t) => t.equal(A(1), 2)],
  ['an arrow function', ['const A = (x: number) => x + 1'], async (A, t) => t.deepEqual([A(1), A.name], [2, 'A'])],
  [
    'an async generator',
    ['async function* A(n: number) { for (let i = 0; i < n; i++) yield i }'],
    async (A, t) => {
      const seen = [];
      for await (const i of A(3)) seen.push(i);
      t.deepEqual(seen, [0, 1, 2]);
    },
  ],
  [
    'a helper of the same cell',
    ['const K = 3; function h(x: number) { return x * K } class A { f() { return h(2) } }'],
    async (A, t) => t.equal(new A().f(), 6),
  ],
  [
    'a helper of an earlier cell',
    ['function h() { return 7 }', 'class A { f() { return h() } }'],
    async (A, t) => t.equal(new A().f(), 7),
  ],
  [
    'a helper redefined later',
    ['function h() { return 1 }', 'class A { f() { return h() } }', 'function h() { return 2 }'],
    async (A, t) => t.equal(new A().f(), 2),
  ],
  [
    'a helper of the same cell stays, redefined or not',
    ['function h() { return 1 } class A { f() { return h() } }', 'function h() { return 2 }'],
    async (A, t) => t.equal(new A().f(), 1),
  ],
  [
    'a helper that is used before its cell runs',
    ['class A { f() { return later() } }', 'const later = () => "later"'],
    async (A, t) => t.equal(new A().f(), 'later'),
  ],
  [
    'inheritance',
    ['class B { g() { return "b" } }', 'class A extends B { f() { return this.g() } }'],
    async (A, t) => t.equal(new A().f(), 'b'),
  ],
  [
    'inheritance in one cell',
    ['class B { g() { return "b" } } class A extends B { f() { return super.g() } }'],
    async (A, t) => t.equal(new A().f(), 'b'),
  ],
  [
    'a base redefined later: the old one is extended, the new one is named',
    [
      'class B { g() { return "old" } }',
      'class A extends B { f() { return [this.g(), new B().g(), Object.getPrototypeOf(A).name] } }',
      'class B { g() { return "new" } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), ['old', 'new', 'B']),
  ],
  [
    'a base that refers to itself, redefined',
    [
      'class B { make() { return new B().tag() } tag() { return "old" } }',
      'class A extends B { both() { return [this.make(), new B().tag()] } }',
      'class B { tag() { return "new" } }',
    ],
    async (A, t) => t.deepEqual(new A().both(), ['old', 'new']),
  ],
  [
    'mutual recursion over cells',
    [
      'const even = (n: number): boolean => n === 0 || odd(n - 1)',
      'function odd(n: number): boolean { return n !== 0 && even(n - 1) }',
      'class A { f(n: number) { return even(n) } }',
    ],
    async (A, t) => t.equal(new A().f(10), true),
  ],
  [
    'classes that name each other',
    ['class A { other() { return new B() } } class B { back() { return new A() } }'],
    async (A, t) => t.equal(new A().other().back().constructor, A),
  ],
  [
    'a class that refers to itself',
    ['class A { static made = 0; static self = () => A; clone() { A.made++; return new A() } }'],
    async (A, t) => {
      new A().clone();
      t.deepEqual([A.made, A.self() === A], [1, true]);
    },
  ],
  [
    'a static field of its own type',
    ['class A { static one = new A(1); constructor(readonly n: number) {} }'],
    async (A, t) => t.deepEqual([A.one.n, A.name, A.one instanceof A], [1, 'A', true]),
  ],
  [
    'a static block',
    ['const START = 5;', 'class A { static n: number; static { A.n = START + 1 } }'],
    async (A, t) => t.equal(A.n, 6),
  ],
  [
    'private fields and methods',
    [
      'class A { #n = 1; #add(x: number) { return this.#n + x } f() { return this.#add(2) } static is(x: object) { return #n in x } }',
    ],
    async (A, t) => t.deepEqual([new A().f(), A.is(new A())], [3, true]),
  ],
  [
    'parameter properties and generics',
    [
      'class Box<T> { constructor(private readonly value: T) {} get(): T { return this.value } }',
      'class A { f() { return new Box<number>(4).get() } }',
    ],
    async (A, t) => t.equal(new A().f(), 4),
  ],
  [
    'an abstract base with an overload',
    [
      'abstract class B { abstract n(): number; twice(): number; twice(x?: string): number { return this.n() * 2 } }',
      'class A extends B { override n() { return 2 } }',
    ],
    async (A, t) => t.equal(new A().twice(), 4),
  ],
  [
    'overloaded functions',
    [
      'function h(x: string): string; function h(x: number): number; function h(x: unknown) { return x }',
      'class A { f() { return h(1) } }',
    ],
    async (A, t) => t.equal(new A().f(), 1),
  ],
  [
    'an enum',
    ['enum Color { Red, Green = Red + 5, Blue = "b" }', 'class A { f() { return [Color.Green, Color[0], Color.Blue] } }'],
    async (A, t) => t.deepEqual(new A().f(), [5, 'Red', 'b']),
  ],
  [
    'a const enum of the same cell',
    ['const enum E { a = 1 } class A { f() { return E.a } }'],
    async (A, t) => t.equal(new A().f(), 1),
  ],
  [
    'a namespace',
    ['namespace N { export const a = 1; export function f() { return a + 1 } }', 'class A { f() { return N.f() } }'],
    async (A, t) => t.equal(new A().f(), 2),
  ],
  [
    'a class with a namespace',
    ['class A { f() { return A.extra } } namespace A { export const extra = 3 }'],
    async (A, t) => t.equal(new A().f(), 3),
  ],
  [
    'a method decorator',
    [
      'function loud(m: Function, c: { name: string }) { return function (this: unknown, ...a: unknown[]) { return `${c.name}:${m.apply(this, a)}` } }',
      'class A { @loud f() { return 1 } }',
    ],
    async (A, t) => t.deepEqual([new A().f(), A.name], ['f:1', 'A']),
  ],
  [
    'a decorator factory with options',
    [
      'const SUFFIX = "!"; const mark = (s: string) => (m: Function, c: unknown) => function (this: unknown) { return m.call(this) + s }',
      'class A { @mark(SUFFIX) f() { return "x" } }',
    ],
    async (A, t) => t.equal(new A().f(), 'x!'),
  ],
  [
    'a class decorator and a field decorator',
    [
      'const reg = (c: Function, x: unknown) => { (c as any).seen = true }; const ten = (v: undefined, c: unknown) => (x: number) => x * 10',
      '@reg class A { @ten n = 2; static s = 1 }',
    ],
    async (A, t) => t.deepEqual([new A().n, A.seen, A.name, A.s], [20, true, 'A', 1]),
  ],
  ['an accessor field', ['class A { accessor n = 3 }'], async (A, t) => t.equal(new A().n, 3)],
  [
    'using',
    [
      'class D { log: string[] = []; [Symbol.dispose]() { this.log.push("gone") } }',
      'class A { f() { const d = new D(); { using e = d; } return d.log } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), ['gone']),
  ],
  [
    'types are no uses',
    [
      'interface Nope { a: string } type T = typeof missing; declare const missing: { a: number }',
      'class A { f(x: T, y?: Nope): Nope | undefined { return y as Nope satisfies unknown } }',
    ],
    async (A, t) => t.equal(new A().f(), undefined),
  ],
  [
    'locals shadow',
    [
      'const x = "outer"; function y() { return "outer" }',
      'class A { f(x: string) { const y = (z: string) => z + x; { let x = "block"; var w = x } try { throw 1 } catch (x) { return y(w) + x } } }',
    ],
    async (A, t) => t.equal(new A().f('in'), 'blockin1'),
  ],
  [
    'destructuring, labels and property names',
    [
      'const label = 1; const a = 2',
      'class A { f(o: any) { label: for (;;) { break label } const { a: b, c: { d } = { d: a }, ...rest } = o; return { label, b, d, rest, o: o.a } } }',
    ],
    async (A, t) => t.deepEqual(new A().f({ a: 9, z: 1 }), { label: 1, b: 9, d: 2, rest: { z: 1 }, o: 9 }),
  ],
  [
    'template literals and tagged templates',
    [
      'const who = "you"; const tag = (s: TemplateStringsArray, ...v: unknown[]) => s.join("|") + v.join()',
      'class A { f() { return tag`a${who}b${`${who}`}c` } }',
    ],
    async (A, t) => t.equal(new A().f(), 'a|b|cyou,you'),
  ],
  [
    'a shorthand of a renamed class',
    ['class B { v = 1 }', 'class A extends B { f() { return { B } } }', 'class B { v = 2 }'],
    async (A, t) => t.deepEqual([new (new A().f().B)().v, new A().v], [2, 1]),
  ],
  [
    'function expressions with names',
    ['const A = function self(n: number): number { return n <= 0 ? 0 : 1 + self(n - 1) }'],
    async (A, t) => t.deepEqual([A(3), A.name], [3, 'self']),
  ],
  [
    'an alias',
    ['const f = (x: number) => x + 1; const g = f', 'class A { f() { return g(1) } }'],
    async (A, t) => t.equal(new A().f(), 2),
  ],
  [
    'a let that got another function',
    ['let f = (x: number) => x', 'f = (x: number) => x * 100', 'class A { f() { return f(2) } }'],
    async (A, t) => t.equal(new A().f(), 200),
  ],
  ['export', ['export const K = 1; export class B { v = K }', 'class A extends B {}'], async (A, t) => t.equal(new A().v, 1)],
  [
    'a class in serve.deployment',
    ['const K = 4', 'const A = serve.deployment(class Chat { f() { return K } })'],
    async (A, t) => t.deepEqual([new A().f(), A.name], [4, 'Chat']),
  ],
  [
    'an anonymous class in serve.deployment',
    ['const A = serve.deployment(class { f() { return 1 } })'],
    async (A, t) => t.equal(new A().f(), 1),
  ],
  [
    'a function in serve.deployment',
    ['const A = serve.deployment(async (request: Request) => request.method)'],
    async (A, t) => t.equal(await A(new Request('http://x')), 'GET'),
  ],
  [
    'two classes in one cell',
    [
      'const B = serve.deployment(class Chat { f() { return "first" } }); const A = serve.deployment(class Chat { f() { return "second" } })',
    ],
    async (A, t) => t.equal(new A().f(), 'second'),
  ],
  // Side effects
  [
    'unrelated statements do not run',
    [
      'throwing(); function throwing() {}',
      'const bomb = (() => { if ((globalThis as any).__replica) throw new Error("ran") })(); const K = 1; console.assert(true)',
      'class A { f() { return K } }',
    ],
    async (A, t) => t.equal(new A().f(), 1),
  ],
  [
    'an IIFE initialiser is a snapshot',
    ['const K = (() => Math.random() < 2 ? process.pid : 0)()', 'class A { f() { return K } }'],
    async (A, t) => t.notEqual(new A().f(), process.pid),
  ],
  // Eager code
  [
    'a static initialiser that calls a helper',
    ['const RATE = { value: 2 }; function h(x: number) { return x * RATE.value }', 'class A { static n = h(3) }'],
    async (A, t) => t.equal(A.n, 6),
  ],
  [
    'a static initialiser whose helper was redefined after it',
    ['function h() { return 1 }', 'class A { static n = h(); f() { return h() } }', 'const TWO = 2; function h() { return TWO }'],
    async (A, t) => t.deepEqual([A.n, new A().f()], [1, 2]),
  ],
  [
    'a computed key',
    ['const KEY = "hello"', 'class A { [KEY]() { return 1 } static [`${KEY}2`] = 2 }'],
    async (A, t) => t.deepEqual([new A().hello(), A.hello2], [1, 2]),
  ],
  [
    'a mixin',
    [
      'type C = new (...a: any[]) => object; const Loud = <T extends C>(B: T) => class extends B { loud() { return "!" } }; class Base {}',
      'class A extends Loud(Base) {}',
    ],
    async (A, t) => t.equal(new A().loud(), '!'),
  ],
]);
