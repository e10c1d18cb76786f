/** The values that a class uses arrive unchanged in the process that loads it. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { registerExtension } from '../../dist/core/index.js';
import { makeFolder } from '../fixtures/code-folder.js';
import { Notebook } from '../fixtures/code-notebook.js';
import { FreshProcess } from '../fixtures/code-process.js';

// biome-ignore lint/suspicious/noExplicitAny: what the other process loads has no type here
type Loaded = any;
type Assert = Readonly<Record<'equal' | 'notEqual' | 'deepEqual' | 'ok', (actual: unknown, expected?: unknown) => void>>;
type Case = readonly [name: string, cells: readonly string[], check: (v: Loaded, t: Assert) => unknown];

const { folder, remove } = makeFolder();
const other = new FreshProcess();
after(async () => {
  await other.end();
  remove();
});

/** The last cell's `v` is captured, and the check gets it. */
const VALUES: readonly Case[] = [
  [
    'primitives',
    ['const v = [1, -0, NaN, -Infinity, 12345678901234567890n, "\\u{1F600}\\ud800", true, null, undefined]'],
    (v, t) => t.deepEqual(v, [1, -0, Number.NaN, -Infinity, 12345678901234567890n, '\u{1F600}\ud800', true, null, undefined]),
  ],
  ['a string', ['const v = "x"'], (v, t) => t.equal(v, 'x')],
  [
    'a long array of numbers',
    ['const v = Array.from({ length: 500 }, (_, i) => i / 3)'],
    (v, t) => t.deepEqual([Array.isArray(v), v.length, v[499]], [true, 500, 499 / 3]),
  ],
  [
    'an array with holes and properties',
    ['const v: any = [1, , 3]; v.extra = "e"'],
    (v, t) => t.deepEqual([1 in v, v.length, v.extra], [false, 3, 'e']),
  ],
  [
    'nested objects with a cycle',
    ['const v: any = { a: { b: [1] } }; v.self = v; v.a.b.push(v.a)'],
    (v, t) => t.deepEqual([v.self === v, v.a.b[1] === v.a], [true, true]),
  ],
  [
    'Map and Set',
    ['const k = { k: 1 }; const v: any = new Map<any, any>([[k, new Set([k])], ["s", 1]])'],
    (v, t) => {
      const [k] = [...v.keys()];
      t.deepEqual([v.get(k).has(k), v.get('s'), v instanceof Map], [true, 1, true]);
    },
  ],
  [
    'Date, RegExp, URL, boxed',
    ['const v = [new Date(5), /a.b/gi, new URL("http://x/y?z=1"), new URLSearchParams("a=1"), Object("s")]'],
    (v, t) =>
      t.deepEqual(
        [v[0].getTime(), v[1].source, v[1].flags, v[2].searchParams.get('z'), v[3].get('a'), typeof v[4]],
        [5, 'a.b', 'gi', '1', '1', 'object'],
      ),
  ],
  [
    'errors',
    ['const v: any = new RangeError("far", { cause: new Error("near") }); v.code = "E_FAR"'],
    (v, t) =>
      t.deepEqual(
        [v instanceof RangeError, v.message, v.cause.message, v.code, Object.keys(v)],
        [true, 'far', 'near', 'E_FAR', ['code']],
      ),
  ],
  [
    'an error of the user',
    [
      'class Mine extends TypeError { constructor(readonly n: number) { super("mine"); this.name = "Mine" } }',
      'const v = [new Mine(3), () => Mine]',
    ],
    (v, t) => t.deepEqual([v[0] instanceof v[1](), v[0] instanceof TypeError, v[0].n, v[0].name], [true, true, 3, 'Mine']),
  ],
  [
    'typed arrays of one buffer',
    [
      'const b = new ArrayBuffer(16); const v = [new Float64Array(b), new Uint8Array(b, 8, 4), new DataView(b), b, new BigInt64Array([5n])]; (v[0] as any)[1] = 2.5',
    ],
    (v, t) =>
      t.deepEqual(
        [v[0][1], v[1].buffer === v[0].buffer, v[1].byteOffset, v[2].getFloat64(8, true), v[3] === v[0].buffer, v[4][0]],
        [2.5, true, 8, 2.5, true, 5n],
      ),
  ],
  [
    'a Buffer stays one',
    ['const v = Buffer.from("hey")'],
    (v, t) => t.deepEqual([v.toString(), v.constructor.name], ['hey', 'Buffer']),
  ],
  [
    'a small view on a large buffer travels alone',
    ['const v = new Uint8Array(1e6).subarray(10, 20)'],
    (v, t) => t.deepEqual([v.length, v.buffer.byteLength], [10, 10]),
  ],
  [
    'a large array',
    ['const v = Float32Array.from({ length: 1e6 }, (_, i) => i)'],
    (v, t) => t.deepEqual([v.length, v[999999], v.constructor.name], [1e6, 999999, 'Float32Array']),
  ],
  [
    'a null prototype, a frozen object, registered symbols',
    [
      'const v: any = { n: Object.assign(Object.create(null), { a: 1 }), f: Object.freeze({ a: [1] }), [Symbol.for("s")]: Symbol.iterator }',
    ],
    (v, t) =>
      t.deepEqual([Object.getPrototypeOf(v.n), Object.isFrozen(v.f), v[Symbol.for('s')] === Symbol.iterator], [null, true, true]),
  ],
  [
    'a key named __proto__',
    ['const v = JSON.parse(\'{"__proto__": 1}\')'],
    (v, t) => t.deepEqual([Object.keys(v), Object.getPrototypeOf(v) === Object.prototype], [['__proto__'], true]),
  ],
  [
    'a deep list',
    ['let v: any = null; for (let i = 0; i < 50000; i++) v = { next: v }'],
    (v, t) => {
      let n = 0;
      for (let at = v; at; at = at.next) n++;
      t.equal(n, 50000);
    },
  ],
  [
    'instances of a class',
    [
      'class P { constructor(private x: number) {} double() { return this.x * 2 } }',
      'const v = { p: new P(4), same: null as any }; v.same = v.p',
    ],
    (v, t) => t.deepEqual([v.p.double(), v.same === v.p, v.p.constructor.name], [8, true, 'P']),
  ],
  [
    'instances of a derived class',
    ['class B { b() { return "b" } }', 'class P extends B { n = new Map([[1, this as any]]) }', 'const v = new P()'],
    (v, t) => t.deepEqual([v.b(), v.n.get(1) === v], ['b', true]),
  ],
  [
    'instances of a redefined class',
    ['class P { f() { return "old" } }', 'const old = new P()', 'class P { f() { return "new" } }', 'const v = [old, new P()]'],
    (v, t) => t.deepEqual([v[0].f(), v[1].f()], ['old', 'new']),
  ],
  [
    'a class that extends Map',
    [
      'class M extends Map<string, number> { sum() { let s = 0; for (const x of this.values()) s += x; return s } }',
      'const v = new M([["a", 1], ["b", 2]])',
    ],
    (v, t) => t.deepEqual([v.sum(), v instanceof Map], [3, true]),
  ],
  [
    'an instance made before its class is there',
    ['const v: any = new Map()', 'class P { f() { return v.size } }', 'v.set("p", new P())'],
    (v, t) => t.equal(v.get('p').f(), 1),
  ],
  [
    'functions in a literal',
    [
      'const K = 10; const v = { add: (a: number) => a + K, mul(a: number) { return a * K }, deep: [function (a: number) { return a - K }], max: Math.max }',
    ],
    (v, t) => t.deepEqual([v.add(1), v.mul(2), v.deep[0](3), v.max(1, 2), v.add.name, v.mul.name], [11, 20, -7, 2, 'add', 'mul']),
  ],
  [
    'declared functions and classes in a value',
    ['class P { f() { return 1 } } const g = () => 2', 'const v = { P, g, list: [g], types: [Float32Array, Map] }'],
    (v, t) => t.deepEqual([new v.P().f(), v.g(), v.list[0] === v.g, v.types[0] === Float32Array], [1, 2, true, true]),
  ],
  ['imports in a literal', ['import { join } from "node:path"; const v = { join }'], (v, t) => t.equal(v.join('a', 'b'), 'a/b')],
  [
    'built-in namespaces',
    ['const v = [Math, JSON, console.log, globalThis]'],
    (v, t) => t.deepEqual([v[0] === Math, v[1] === JSON, v[2] === console.log, v[3] === globalThis], [true, true, true, true]),
  ],
];

for (const [name, cells, check] of VALUES) {
  test(name, async () => {
    const notebook = new Notebook(folder);
    for (const cell of cells) await notebook.run(cell);
    await notebook.run('class A { get() { return v } }');
    const run = new Function(`return async (A, t) => (${check.toString()})(new A().get(), t)`)() as () => unknown;
    const { error } = await other.run(await notebook.pack('A'), run);
    assert.equal(error?.stack, undefined);
  });
}

test('an object that two variables share stays one object', async () => {
  const notebook = new Notebook(folder);
  await notebook.run('const a = { n: 1, big: new Float32Array(10000) }; const b = { a, big: a.big }');
  await notebook.run('class A { f() { return [b.a === a, b.big === a.big] } }');
  const { value } = await other.run(await notebook.pack('A'), (A: Loaded) => new A().f());
  assert.deepEqual(value, [true, true]);
});

test('values are those of the time of packing; a name of the cell itself keeps its const', async () => {
  const notebook = new Notebook(folder);
  await notebook.run('let n = 1; const K = "first"; const list = [1]; class A { f() { n++; return [n, K, list, later] } }');
  await notebook.run('n = 10; const K = "second"; list.push(2)');
  await notebook.run('const later = "old"');
  await notebook.run('const later = "new"');
  const pack = await notebook.pack('A');
  const { value } = await other.run(pack, (A: Loaded) => new A().f());
  assert.deepEqual(value, [11, 'first', [1, 2], 'new']);
  assert.equal(pack.notes.length, 1);
  assert.match(pack.notes[0] ?? '', /^n is a snapshot/);
  assert.deepEqual((await notebook.pack('A')).notes, [], 'said once');
});

test('a const that the class mutates is noted', async () => {
  const notebook = new Notebook(folder);
  await notebook.run('const state = { n: 0 }; class A { f() { state.n++ } }');
  assert.match((await notebook.pack('A')).notes.join(), /state is a snapshot/);
});

test('an extension carries a live value', async () => {
  class Handle {
    constructor(readonly to: string) {}
  }
  registerExtension({
    name: 'test-handle',
    test: (value) => value instanceof Handle,
    encode: (value) => ({ to: (value as Handle).to }),
    decode: (data) => data,
  });
  const notebook = new Notebook(folder);
  notebook.values.made = new Handle('x');
  await notebook.run('const h = { inner: made }; class A { f() { return h } }');
  const graph = (await notebook.pack('A')).values[0];
  assert.match(new TextDecoder().decode(graph?.bytes), /"name":"test-handle","data":\{"to":"x"\}/);
});

test('the same code and values have the same hashes', async () => {
  const packs = [];
  for (let i = 0; i < 2; i++) {
    const notebook = new Notebook(folder);
    await notebook.run(
      'const m = new Map([["a", { x: 1.5 }]]); const big = new Float32Array(9000).fill(2); class H { h() { return m } }',
    );
    await notebook.run('class A extends H { f() { return big } }');
    packs.push(await notebook.pack('A'), await notebook.pack('A'));
  }
  const hashes = packs.map((pack) => [pack.hash, ...pack.values.map((value) => value.hash)].join());
  assert.equal(new Set(hashes).size, 1);
  assert.equal(packs[0]?.values.length, 2);
});
