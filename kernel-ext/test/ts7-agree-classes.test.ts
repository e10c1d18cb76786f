import { describe } from 'node:test';
import { type CellCases, runCases } from './session-harness.js';

/** Each case is about a class or an instance that uses a name that was declared again. */
const CASES: CellCases = {
  'an instance in an object': [['class A { a = 1 }', 'const o = { one: new A() }', 'class A { b = 2 }', 'o.one.b'], /TS2339/],
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
  'a class in a constant': [
    ['class A { a = 1 }', 'const C = class { make() { return new A() } }', 'class A { b = 2 }', 'new C().make().a.toFixed()'],
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
  'a class in a constant, with static members': [
    [
      'class A { a = 1 }',
      'const C = class { static one = new A(); static make = () => new A() }',
      'class A { b = 2 }',
      '[C.one.a, C.make().b]',
    ],
    '[ 1, 2 ]',
  ],
  'a deployment': [
    [
      'const help = (x: number) => x',
      'const D = serve.deployment(class D { constructor(private readonly n: number) {} call(x: number) { return help(x) + this.n } })',
      'const help = (x: number) => x * 2',
      'const app = D.bind(1)',
      'typeof app',
    ],
    "'object'",
  ],
  'a deployment whose class is wrong by now': [
    [
      'const help = (x: number) => x',
      'const D = serve.deployment(class D { call(x: number) { return help(x) } })',
      'const help = (x: string) => x.length',
      'D.bind()',
    ],
    /names that 'D' uses were declared anew/,
  ],
};

const NAMED: CellCases = {
  'the cells of two classes with one name': [
    ['class P { private n = 1 } const ps = [new P()]', 'class P { private n = 2 } function f(p: P) {}', 'f(ps[0]!)'],
    /Argument of type 'P' \(cell 1\) is not assignable to parameter of type 'P' \(cell 2\)/,
  ],
  'the cells inside of a type': [
    ['class P { private n = 1 } const ps = [new P()]', 'class P { private n = 2 } function f(p: P[]) {}', 'f(ps)'],
    /'P \(cell 1\)\[\]' is not assignable to parameter of type 'P \(cell 2\)\[\]'/,
  ],
  'no cell of a name that is clear': [['class P { private n = 1 }', 'const p: P = 1'], /to type 'P'\./],
};

describe('messages name', () => runCases(NAMED));

describe('types and the run agree on classes and their instances', () => {
  runCases(CASES);
});
