import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CellCases, runCases, TestNotebook } from './session-harness.js';

const CASES: CellCases = {
  'an arrow function that asserts the type of an object': [['((): any => <any>{ a: 1 })()'], '{ a: 1 }'],
  'type parameters on lines of their own': [['const f = async <\n  T,\n>\n(x: T): Promise<\n  T\n> => x; await f(3)'], '3'],
  'a return type on a line of its own': [
    [
      'const f = (x: number)\n  : number => x',
      'const g = async (x = (1)) // note )\n  : Promise<number> => x',
      'const h = <T,>(a: T, b?: T, /* a ) comment */)\n// more\n: (T | undefined)[] => [a, b]',
      'const i = async ()\n  : Promise<number> => 2, j = ( /* ( */ )\n: number => 3',
      '[f(4), await g(), h(5), await i(), j()]',
    ],
    '[ 4, 1, [ 5, undefined ], 2, 3 ]',
  ],
  'type parameters with a line break or a comment behind them': [
    ['const f = () => { return <T,>\n(x: T) => x }; const g = async <T,> // note\n(x: T) => x; [f()(1), await g(2)]'],
    '[ 1, 2 ]',
  ],
  'assertions and operators without blanks': [
    [
      'const one = async () => 1; let x: unknown = { y: 1 }',
      'const back = () => { return<any>x }; const a = await<any>one(), b = await(one()), t = typeof<any>x',
      "let c = 0; for await (const n of[1, 2]) c += n; [back(), a, b, t, c, 'y'in(x as object), 0 as(number)in[1]]",
    ],
    "[ { y: 1 }, 1, 1, 'object', 3, true, true ]",
  ],
  'globals of Node that browsers have too': [
    [
      'const memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 1 }); const key: CryptoKey | undefined = undefined; [memory.buffer.byteLength, typeof Crypto, typeof SubtleCrypto, typeof Performance, key]',
    ],
    "[ 65536, 'function', 'function', 'function', undefined ]",
  ],
  'a comma behind `this`': [
    ['const o = { m(this: void,) { return 1 }, n: function (this: void,) { return 2 } }; o.m() + o.n()'],
    '3',
  ],
  'parameter properties below a directive': [
    ['class A { constructor(private readonly x: number) { "use strict" } get() { return this.x } }', 'new A(2).get()'],
    '2',
  ],
  'flags of regular expressions that Node has': [[String.raw`/[\p{L}--[a-z]]/v.test("A")`], 'true'],
  'a decorator in front of export': [
    [
      'const d = (v: any, _: ClassDecoratorContext) => v',
      '@d export class A { n = 1 }',
      '@d export default class B { n = 2 }',
      'new A().n + new B().n',
    ],
    '3',
  ],
  "a decorator's metadata": [
    [
      'const m = (_: unknown, c: DecoratorContext) => { c.metadata[c.name as string] = c.kind }',
      'class A { @m say() { return 1 } @m f = 2 }',
      'A[Symbol.metadata]',
    ],
    "[Object: null prototype] { say: 'method', f: 'field' }",
  ],
  'using what a function of an earlier cell gives': [
    [
      'const log: string[] = []; const r = (n: string) => ({ [Symbol.dispose]() { log.push(n) } })',
      'function f() { using a = r("a"), b = r("b"); return log.length } f()',
      'using c = r("c"); const after = log.length',
      'log.join()',
    ],
    "'b,a,c'",
  ],
  'using what an earlier cell has declared': [
    [
      'const log: string[] = []; const file = { [Symbol.dispose]() { log.push("end") } }; const db: { conn?: typeof file } = {}',
      '{ using f = file; log.push("block") }',
      'function g() { using f = db.conn ?? file; return log.push("function") } g()',
      '{log.push("tight");using f = ((file))}{using f = file}',
      'async function h() { await using f = file, other = db.conn; log.push("async") } await h()',
      'using f = file; log.push("top")',
      'log.join()',
    ],
    "'block,end,function,end,tight,end,end,async,end,top,end'",
  ],
  'using up to the closing brace': [
    ['let n = 0; const r = () => ({ [Symbol.dispose]() { n += 1 } })', '{using a = r()}{using b = r(), c = (r())}', 'n'],
    '3',
  ],
  'loops with using that end where others end or begin': [
    [
      'let n = 0, i = 0; const r = () => ({ [Symbol.dispose]() { n += 100 } }); const up = () => (n += 1)',
      'for (const _ of [1, 2]) for (using a = r(); i < 3; i += 1) up()',
      'for (const _ of [1, 2]) up();for (using a = r(); i < 4; i += 1) up();for (using a = r(); i < 5; i += 1) up();',
      'n',
    ],
    '407',
  ],
  'using in the head of a loop': [
    ['let n = 0; const r = () => ({ [Symbol.dispose]() { n += 100 } })', 'for (using a = r(); n < 3;) n += 1', 'n'],
    '103',
  ],
  'await using what a function of an earlier cell gives': [
    [
      'const log: string[] = []; const r = (n: string) => ({ async [Symbol.asyncDispose]() { log.push(n) } })',
      'await (async () => { await using a = r("a") })(); await using b = r("b")',
      'log.join()',
    ],
    "'a,b'",
  ],
  'an error while another is on its way': [
    [
      'let e: any',
      'try { using a = { [Symbol.dispose]() { throw "disposal" } }; throw "body" } catch (x) { e = x }',
      '[e instanceof SuppressedError, e.name, e.error, e.suppressed]',
    ],
    "[ true, 'SuppressedError', 'disposal', 'body' ]",
  ],
  'stacks of what is to be disposed of': [
    [
      'const log: string[] = []; let moved: DisposableStack',
      '{ using s = new DisposableStack(); s.defer(() => log.push("a")); s.adopt("b", (x) => log.push(x)); moved = s.move() }',
      'await using s = new AsyncDisposableStack(); s.use(moved); s.defer(async () => void log.push("c"))',
      'log.join()',
    ],
    "'c,b,a'",
  ],
  'members with several modifiers and a computed name': [
    [
      'const K = "k"; class A { static readonly [K] = 1; private readonly ["p"] = 2; get() { return this.p } }',
      '[A[K], new A().get()]',
    ],
    '[ 1, 2 ]',
  ],
  'overloads of a default export': [
    ['export default function f(x: number): number\nexport default function f(x: any) { return x }', 'f(1)'],
    '1',
  ],
};

/** Lines that end without a semicolon, and that the next line would continue if the kernel changed its beginning. */
const LINES: CellCases = {
  'calls of an earlier function': [['const load = () => 1', 'const a = load()\nload()\na'], '1'],
  'methods of an earlier value': [['const list: number[] = []', 'const a = 1\nlist.push(a)\nlist'], '[ 1 ]'],
  'template tags': [
    ['const tag = (s: TemplateStringsArray) => s[0]; const log: string[] = []', 'log.length\ntag`x`\nlog.push("y")\nlog'],
    "[ 'y' ]",
  ],
  'functions, static blocks and cases': [
    [
      'let n = 0; const up = () => { n += 1; return n }',
      'function f() {\n  const a = up()\n  up()\n}\nclass S { static {\n  const b = up()\n  up()\n} }\nswitch (1 as number) { case 1:\n  const c = up()\n  up()\n}\nf()\nn',
    ],
    '6',
  ],
  'bodies without braces': [
    ['let n = 0; const up = () => n++', 'if (n) up()\nelse up()\nfor (let i = 0; i < 1; i++) up()\nn'],
    '2',
  ],
  'compiled code': [['const load = () => 1', 'enum E { A = 2 }\nconst a = load()\nload()\na + E.A'], '3'],
  'a cell that is a call': [['const load = () => 1', 'load()'], '1'],
  'import() in a function': [
    ['const f = async () => {\n  const a = f\n  import("node:os")\n  return a === f\n}\nawait f()'],
    'true',
  ],
  'imports between them': [
    ["const a = [1]\nimport os from 'node:os'\n[0].forEach(() => a.push(2))\ntypeof os.cpus + a.length"],
    "'function2'",
  ],
  'default exports': [['let n = 0', 'export default n as number\n[0].forEach(() => { n += 1 })\nn'], '1'],
  'members of classes': [
    [
      'class A {\n  #a: number = 1\n  private *items() { yield this.#a }\n  #b: string | undefined\n  *more() { yield 2 }\n  all() { return [...this.items(), ...this.more(), this.#b] }\n}',
      'new A().all()',
    ],
    '[ 1, 2, undefined ]',
  ],
};

describe('syntax of TypeScript', () => runCases(CASES));

describe('lines without semicolons', () => runCases(LINES));

describe('completion and inspection in half-typed code', () => {
  it('completes keys in strings, and optional properties by their name', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    await notebook.value('const user = { name: "x", "a-b": 1, nested: { deep: 1 } }; let opt: { p?: string } | undefined');
    const matches = (code: string): string[] => {
      const { matches: names, cursor_start, cursor_end } = notebook.session.complete(code, code.length);
      return names.map((name) => code.slice(0, cursor_start) + name + code.slice(cursor_end));
    };
    assert.deepEqual(matches("user['na"), ["user['name"]);
    assert.deepEqual(matches('user["a-'), ['user["a-b']);
    assert.deepEqual(matches("user.nested['"), ["user.nested['deep"]);
    assert.deepEqual(matches("opt?.['"), ["opt?.['p"]);
    assert.deepEqual(matches('opt?.'), ['opt?.p']);
  });

  it('explains no words in comments', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    await notebook.value('const user = 1');
    assert.equal(notebook.session.inspect('// user', 5, 0).found, false);
  });
});
