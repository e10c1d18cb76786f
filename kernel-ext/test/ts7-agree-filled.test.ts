import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

const OLD = 'class A { a = 1 }';
const NEW = 'class A { b = 2 }';

/** What a use of the old class and of the new one shows after `class A` was declared again. A use that would be a TypeError has to be refused. */
type Ends = 'old' | 'new' | 'refused';

const FILLED: Readonly<Record<string, readonly [cells: readonly string[], value: string, ends: Ends]>> = {
  // Statements of the cell itself fill the variable.
  'a function that is pushed': [['const fns: (() => A)[] = []; fns.push(() => new A())'], 'fns[0]()', 'new'],
  'a class that is pushed': [['const cs: (new () => A)[] = []; cs.push(A)'], 'new cs[0]()', 'refused'],
  'instances in a loop': [['const xs: A[] = []; for (let i = 0; i < 2; i++) xs.push(new A())'], 'xs[0]', 'refused'],
  'an instance at an index': [['const xs: A[] = []; xs[0] = new A()'], 'xs[0]', 'refused'],
  'an instance in a property': [['const o: { one?: A } = {}; o.one = new A()'], 'o.one!', 'refused'],
  'an instance by destructuring': [['const o: { one?: A } = {}; [o.one] = [new A()]'], 'o.one!', 'refused'],
  'an instance by Reflect.set': [['const o: { it?: A } = {}; Reflect.set(o, "it", new A())'], 'o.it!', 'refused'],
  'an instance by a function': [['const xs: A[] = []; function put() { xs.push(new A()) } put()'], 'xs[0]', 'refused'],
  'an instance in a callback': [['const xs: A[] = []; [1].forEach(() => xs.push(new A()))'], 'xs[0]', 'refused'],
  'an instance by a timer': [
    ['const xs: A[] = []; setTimeout(() => xs.push(new A()), 0)', 'await new Promise((done) => setTimeout(done, 5))'],
    'xs[0]',
    'refused',
  ],
  'an instance in a static block': [['const xs: A[] = []; class F { static { xs.push(new A()) } }'], 'xs[0]', 'refused'],
  'a function that returns an old value': [
    ['const fns: (() => A)[] = []; const one = new A(); fns.push(() => one)'],
    'fns[0]()',
    'refused',
  ],
  'a static array of functions': [
    ['class Reg { static all: (() => A)[] = [] }\nReg.all.push(() => new A())'],
    'Reg.all[0]()',
    'new',
  ],
  // Later cells do.
  'a function in a map': [['const m = new Map<string, () => A>()', 'm.set("k", () => new A())'], 'm.get("k")!()', 'refused'],
  'a function in a set': [['const s = new Set<() => A>()', 's.add(() => new A())'], '[...s][0]()', 'refused'],
  'a class in a map': [['const reg = new Map<string, new () => A>()', 'reg.set("A", A)'], 'new (reg.get("A")!)()', 'old'],
  'an instance in a map': [['const m = new Map<string, A>()', 'm.set("k", new A())'], 'm.get("k")!', 'old'],
  'a function in a weak map': [
    ['const key = {}; const w = new WeakMap<object, () => A>()', 'w.set(key, () => new A())'],
    'w.get(key)!()',
    'refused',
  ],
  'an old value in an array of functions': [
    ['const fs = [() => new A()]', 'const one = new A(); fs.push(() => one)'],
    'fs[1]()',
    'refused',
  ],
  'an old value in a method': [['const o = { f: () => new A() }', 'const one = new A(); o.f = () => one'], 'o.f()', 'refused'],
  'a function that fills a variable': [
    ['let got: A | undefined; const fill = () => { got = new A() }', 'fill()'],
    'got!',
    'refused',
  ],
  'a function that fills an array': [['const xs: A[] = []; function put() { xs.push(new A()) }', 'put()'], 'xs[0]', 'refused'],
  'a function that fills an array through another': [
    ['const xs: A[] = []; function put() { xs.push(new A()) }', 'const twice = () => { put(); put() }', 'twice()'],
    'xs[1]',
    'refused',
  ],
  'a listener': [
    [
      'let seen: A[] = []; const et = new EventTarget(); et.addEventListener("x", () => { seen.push(new A()) })',
      'et.dispatchEvent(new Event("x"))',
    ],
    'seen[0]',
    'refused',
  ],
  'a holder with a type argument': [
    [
      'class Bus<T> { fs: (() => T)[] = []; on(f: () => T) { this.fs.push(f); return this } }',
      'const bus = new Bus<A>()',
      'bus.on(() => new A())',
    ],
    'bus.fs[0]()',
    'refused',
  ],
  'a holder whose base class has one': [
    [
      'class Bus<T> { fs: (() => T)[] = []; on(f: () => T) { this.fs.push(f); return this } }',
      'class ABus extends Bus<A> {}',
      'const bus = new ABus().on(() => new A())',
    ],
    'bus.fs[0]()',
    'refused',
  ],
  // Nothing fills it before.
  'a function that fills an array later': [['const xs: A[] = []; function put() { xs.push(new A()) }'], '(put(), xs[0])', 'new'],
  'a map that is empty': [
    ['const m = new Map<string, A>(); const put = () => m.set("k", new A())'],
    '(put(), m.get("k")!)',
    'refused',
  ],
  // Functions of the same cell use the variable.
  'a function of the same cell': [['const mk = () => new A()', 'const v = mk(); const show = () => v'], 'show()', 'old'],
  'a function of the same cell, and a declared type': [
    ['const mk = () => new A()', 'const v: A = mk(); const show = () => ({ v })'],
    'show().v',
    'old',
  ],
  'a function of the same cell, and a let': [['let v: A = new A(); function show() { return v }'], 'show()', 'refused'],
  'a method of the same cell': [
    ['const xs: A[] = []; class Sh { it() { return xs[0] } }', 'xs.push(new A())'],
    'new Sh().it()',
    'refused',
  ],
  'a function of the same cell that fills it if it is empty': [
    ['let cur: A | undefined; function get() { if (cur === undefined) cur = new A(); return cur }'],
    'get()',
    'new',
  ],
  'a function of the same cell that has filled it': [
    ['let cur: A | undefined; function get() { cur ??= new A(); return cur }', 'get()'],
    'get()',
    'refused',
  ],
  'a function of the same cell whose variable another cell declares': [
    ['const mk = () => new A()', 'const v = mk(); const show = () => v', 'const v = 1'],
    'show()',
    'old',
  ],
  // The type is made from others.
  'a map of functions': [['const m = new Map([["k", () => new A()]])'], 'm.get("k")!()', 'new'],
  'a map of instances': [['const m = new Map([["k", new A()]])'], 'm.get("k")!', 'old'],
  'a frozen object': [['const fz = Object.freeze({ mk: () => new A() })'], 'fz.mk()', 'refused'],
  'an object of entries': [['const fe = Object.fromEntries([["k", () => new A()]])'], 'fe.k()', 'refused'],
  'an asserted type with a method': [['const pt = { mk: () => new A() } as Partial<{ mk(): A }>'], 'pt.mk!()', 'new'],
  'a declared type of what a function returned': [
    ['const one = new A(); const mk = () => one', 'const f: () => A = mk'],
    'f()',
    'refused',
  ],
  'a declared type of an instance that a function returned': [['const mk = () => new A()', 'const v: A = mk()'], 'v', 'old'],
};

const DYNAMIC: typeof FILLED = {
  'a proxy': [['const p = new Proxy({} as { it: A }, { get: () => new A() })'], 'p.it', 'refused'],
  'a proxy of a declared handler': [
    ['const h: ProxyHandler<{ it: A }> = { get: () => new A() }; const p = new Proxy({} as { it: A }, h)'],
    'p.it',
    'refused',
  ],
  'a proxy that a function made': [
    [
      'function lazy<T extends object>(f: () => T): T { return new Proxy({} as T, { get: (_, k) => Reflect.get(f(), k) }) }',
      'const p = lazy(() => new A())',
    ],
    'p',
    'refused',
  ],
  'a getter that is defined': [
    ['const o = {} as { it: A }; Object.defineProperty(o, "it", { get: () => new A() })'],
    'o.it',
    'refused',
  ],
};

describe('a variable that code fills, after a class was declared again', () => {
  for (const [kind, cases] of Object.entries({ filled: FILLED, dynamic: DYNAMIC })) {
    it(kind, async (t) => {
      const notebook = new TestNotebook();
      t.after(() => notebook.close());
      const wrong: string[] = [];
      for (const [name, [cells, value, ends]] of Object.entries(cases)) {
        for (const [member, shown] of [
          ['a', "'1'"],
          ['b', "'2'"],
        ] as const) {
          for (const code of [OLD, ...cells, NEW]) await notebook.value(code);
          const { outcome } = await notebook.run(`${value}.${member}.toFixed()`);
          const is = outcome.status === 'ok' ? String(outcome.result?.data['text/plain']) : `${outcome.ename}: ${outcome.evalue}`;
          const isWanted = ends === (member === 'a' ? 'old' : 'new') ? is === shown : /^TypeScriptError/.test(is);
          if (!isWanted) wrong.push(`${name}: .${member} shows ${is}, and its end is: ${ends}`);
        }
      }
      assert.deepEqual(wrong, []);
    });
  }
});
