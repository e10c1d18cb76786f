/** What cannot be sent to a replica is refused, and the error names the whole chain of names that leads to it. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CannotShip, NoSource } from '../../dist/code/index.js';
import { hasCode } from '../../dist/core/index.js';
import { makeFolder } from '../fixtures/code-folder.js';
import { Notebook } from '../fixtures/code-notebook.js';

const { folder, remove } = makeFolder();
after(remove);

const REFUSED: readonly (readonly [name: string, cells: readonly string[], message: RegExp])[] = [
  [
    'a socket, with the chain',
    [
      'import net from "node:net"; const db = new net.Socket()',
      'function helper() { return db }',
      'class Chat { f() { return helper() } }',
    ],
    /^Chat uses helper, which uses db: a Socket cannot be sent; create it in the constructor$/,
  ],
  [
    'a socket inside a value',
    [
      'import net from "node:net"; const config = { items: [1, { conn: new net.Socket() }] }',
      'class Chat { f() { return config } }',
    ],
    /^Chat uses config\.items\[1\]\.conn: a Socket cannot/,
  ],
  [
    'a server',
    ['import http from "node:http"; const server = http.createServer(); class Chat { f() { return server } }'],
    /^Chat uses server: a Server cannot/,
  ],
  [
    'a stream',
    ['import { Readable } from "node:stream"; const s = Readable.from([]); class Chat { f() { return s } }'],
    /^Chat uses s: a Readable cannot/,
  ],
  ['a promise', ['const p = Promise.resolve(1); class Chat { async f() { return p } }'], /^Chat uses p: a Promise cannot/],
  [
    'a WeakMap in a Map',
    ['const m = new Map([["w", new WeakMap()]]); class Chat { f() { return m } }'],
    /^Chat uses m\.get\("w"\): a WeakMap cannot/,
  ],
  ['a proxy', ['const p = new Proxy({}, {}); class Chat { f() { return p } }'], /^Chat uses p: a Proxy cannot/],
  [
    'a closure',
    ['const makeAdder = (n: number) => (x: number) => x + n; const add3 = makeAdder(3)', 'class Chat { f() { return add3(1) } }'],
    /^Chat uses add3: a function was made while running, as a closure over local variables/,
  ],
  [
    'a closure put into a literal later',
    [
      'const ops: any = { add: (x: number) => x }; const make = (n: number) => (x: number) => x + n; ops.add = make(1); class Chat { f() { return ops.add(1) } }',
    ],
    /^Chat uses ops\.add: /,
  ],
  [
    'a method that was replaced',
    [
      'let m = { predict(x: number) { return x + 1 } }',
      'm = { predict(x: number) { return x * 100 } }',
      'class Chat { f() { return m.predict(1) } }',
    ],
    /^Chat uses m\.predict: /,
  ],
  [
    'a method whose text the compiler changes, and which was replaced',
    [
      '/** @jsxRuntime classic */ /** @jsx h */ const h = (tag: string) => tag; const stats = { tag() { return <b /> } }',
      '/** @jsxRuntime classic */ /** @jsx h */ stats.tag = function tag() { return <i /> }; class Chat { f() { return stats.tag() } }',
    ],
    /^Chat uses stats\.tag: /,
  ],
  [
    'a function with JSX in an array that may have been replaced',
    [
      '/** @jsxRuntime classic */ /** @jsx h */ const h = (tag: string) => tag; const all: any[] = [0, () => <b />]',
      'const put = (n: number, one: unknown) => { all[n] = one }; class Chat { f() { return all[1]() } }',
    ],
    /^Chat uses all\[1\]: /,
  ],
  [
    'a function with JSX in an array that was replaced by its number',
    [
      '/** @jsxRuntime classic */ /** @jsx h */ const h = (tag: string) => tag; const all: any[] = [0, () => <b />]',
      '/** @jsxRuntime classic */ /** @jsx h */ all[1] = [() => <i />][0]; class Chat { f() { return all[1]() } }',
    ],
    /^Chat uses all\[1\]: /,
  ],
  [
    'a getter that was replaced',
    ['let o = { get x() { return 1 } }; o = { get x() { return 2 } }', 'class Chat { f() { return o.x } }'],
    /^Chat uses o\.x: /,
  ],
  [
    'a function in an array that was replaced',
    [
      'const steps = [(x: number) => x + 1]; const change = (all: typeof steps) => { all[0] = (x) => x * 2 }; change(steps)',
      'class Chat { f() { return steps[0]!(1) } }',
    ],
    /^Chat uses steps\[0\]: /,
  ],
  [
    'a function of an imported module that may have been replaced',
    [
      'let { triple } = await import("esm-pkg"); function use(f: typeof triple) { triple = f }',
      'class Chat { f() { return triple(1) } }',
    ],
    /^Chat uses triple: code assigns it, so it may no longer be what its import\(\) returned; give what is assigned a name/,
  ],
  [
    'an imported module that was replaced',
    ['let lib: any = await import("esm-pkg")', 'lib = await import("tla-pkg")', 'class Chat { f() { return lib } }'],
    /^Chat uses lib: code assigns it/,
  ],
  [
    'a bound function',
    ['const f = (function g() {}).bind(null); class Chat { f() { return f() } }'],
    /^Chat uses f: a bound function \(g\)/,
  ],
  [
    'an instance with private members',
    ['class P { #x = 1; f() { return this.#x } }', 'const p = new P(); class Chat { f() { return p.f() } }'],
    /^Chat uses p: an instance of P has the private member #x/,
  ],
  [
    'an instance of a class that extends one of Node',
    [
      'import { EventEmitter } from "node:events"; class Bus extends EventEmitter {}',
      'const bus = new Bus(); class Chat { f() { return bus } }',
    ],
    /^Chat uses bus: a Bus, which inherits from EventEmitter, cannot/,
  ],
  [
    'a unique symbol',
    ['const s = Symbol("mine"); class Chat { f() { return s } }'],
    /^Chat uses s: a unique symbol \(Symbol\(mine\)\)/,
  ],
  [
    'a class in a function, over a local',
    ['function make(n: number) { return serve.deployment(class Chat { f() { return n } }) } const A = make(1)'],
    /^Chat uses n: it is a local variable of make/,
  ],
  [
    'a name that nothing declares',
    ['class Chat { f() { return nowhere } }'],
    /^Chat uses nowhere: no cell declares it, and it has no value/,
  ],
  [
    'JSX whose function another cell declares anew, if both are needed',
    [
      '/** @jsxRuntime classic */ /** @jsx h */ const h = (tag: string) => tag; class Old { f() { return <p /> } }',
      'const h = (tag: string) => [tag]',
      'class Chat extends Old { g() { return h("a") } }',
    ],
    /^Old uses h, the function for its JSX: a later cell declares h anew, and both are needed; give one another name$/,
  ],
  [
    'JSX of cells that name different functions for it',
    ['/** @jsx a */ const item = () => <p />', '/** @jsx b */ class Chat { f() { return [item(), <p />] } }'],
    /^Chat uses JSX of cell\[\d\]\.ts and cell\[\d\]\.ts, whose comments name different functions for it; name the functions in tsconfig\.json$/,
  ],
  [
    'a getter that is not in a literal of a cell',
    ['const make = (r: number) => ({ r, get area() { return r } }); const o = { c: make(2) }; class Chat { f() { return o } }'],
    /^Chat uses o\.c\.area: it is a getter or setter that is not in an object literal at the top level of a cell, and cannot be sent; make it a method, or write a class$/,
  ],
  [
    'a getter that a statement put into a literal',
    [
      'const o = { get x() { return 1 } }; Object.defineProperty(o, "x", { get: () => 2, enumerable: true }); class Chat { f() { return o } }',
    ],
    /^Chat uses o\.x: it is a getter/,
  ],
  [
    'a method that may come from an object whose keys are not known',
    [
      'const make = () => ({ greet: () => "made" }); const o = { greet() { return "own" }, ...make() }; class Chat { f() { return o.greet() } }',
    ],
    /^Chat uses o\.greet: the function greet was made while running/,
  ],
  [
    'a method that replaced the one of the object that was copied',
    [
      'const base = { greet: () => "base" }; const make = (n: number) => ({ greet: () => n }); const o = { ...base, n: 1 }; Object.assign(o, make(2)); class Chat { f() { return o.greet() } }',
    ],
    /^Chat uses o\.greet: /,
  ],
  [
    'a function behind the elements of another array',
    [
      'const some = [1]; const make = (n: number) => () => n; const o = [...some, () => 0, make(1)]; class Chat { f() { return o } }',
    ],
    /^Chat uses o\[1\]: /,
  ],
  [
    'a closure in place of a function of a package',
    [
      'import path from "node:path"; const make = (n: number) => () => n; let f: any = path.join; f = make(1); class Chat { f() { return f() } }',
    ],
    /^Chat uses f: /,
  ],
  [
    'a file that is not there',
    ['import { x } from "./nowhere"; class Chat { f() { return x } }'],
    /Could not resolve ".\/nowhere"/,
  ],
];

for (const [name, cells, message] of REFUSED) {
  test(`refused: ${name}`, async () => {
    const notebook = new Notebook(folder);
    for (const cell of cells) await notebook.run(cell);
    await assert.rejects(notebook.pack(notebook.values.A ? 'A' : 'Chat'), (error: Error) => {
      assert.ok(hasCode(error, CannotShip), String(error.stack));
      assert.match(error.message, message);
      return true;
    });
  });
}

test('refused: a class without a known source', async () => {
  const notebook = new Notebook(folder);
  await notebook.run('const A = (() => { class Inner {} return Inner })()');
  await assert.rejects(
    notebook.pack('A'),
    (error) => hasCode(error, NoSource) && /the source of Inner is not known/.test(String(error)),
  );
});

test('refused: a name whose declaration was not reached yet', async () => {
  const notebook = new Notebook(folder);
  await notebook.run('const late = 1; class Chat { f() { return late } }');
  Object.defineProperty(notebook.values, 'late', {
    get() {
      throw new ReferenceError('late');
    },
  });
  await assert.rejects(notebook.pack('Chat'), /Chat uses late: it has no value yet/);
});
