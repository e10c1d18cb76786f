import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import fc from 'fast-check';
import { wholeAnswer } from './http-answer.js';
import { plainForm, toJson } from './json-text.js';

const later = () => Promise.resolve(1);
// biome-ignore lint/suspicious/noThenProperty: responses of handles are no promises, only like them
const thenable = Object.assign(Object.create({ then() {} }) as object, {});
const textOf = (value: unknown): string => Buffer.from(wholeAnswer(value, 'app/Chat')?.bytes ?? []).toString();

const FORGOTTEN: readonly (readonly [value: unknown, where: string])[] = [
  [{ result: later() }, 'result'],
  [{ ok: true, empty: {}, deep: { list: [1, { x: later() }] } }, 'deep.list[1].x'],
  [[{}, later()], '[1]'],
  [{ 'a b': { c: thenable } }, '"a b".c'],
  [later(), 'an item'],
];

for (const [value, where] of FORGOTTEN) {
  test(`a promise at ${where} is not answered as {}`, () => {
    assert.throws(() => toJson(value, 'app/Chat'), {
      code: 'NBS_NOT_AWAITED',
      message: `app/Chat: ${where} of the answer is a promise that was not awaited; write await before the call that gives it`,
    });
  });
}

test('what JSON has is written as JSON.stringify writes it', () => {
  const plain = fc.anything({ withNullPrototype: true, withObjectString: true }).filter(isExact);
  fc.assert(
    fc.property(plain, (value) => assert.equal(toJson(value, 'app/Chat'), JSON.stringify(value))),
    { numRuns: 500 },
  );
  class Point {
    readonly x = 1;
    readonly y = undefined;
    readonly #hidden = 2;
    sum() {
      return this.x + this.#hidden;
    }
  }
  const shared = { deep: [1] };
  for (const value of [
    { date: new Date(0), own: { toJSON: () => ({ a: [1] }) }, url: new URL('http://a.b/c') },
    { class: new Point(), list: [new Point()], omitted: undefined },
    { one: shared, two: shared, boxed: [Object(1), Object('s'), Object(true)] },
    Object.assign(Object.create(null) as object, { ['__proto__']: 1, a: {} }),
    'abc'.match(/b/),
    runInContext('({ list: [1, { a: new Date(0) }], nothing: {} })', createContext({})) as unknown,
    JSON.parse('{"__proto__":{"x":1},"toJSON":1,"then":2,"dims":[1],"length":3}') as unknown,
    { type: 'float32', dims: [1, 2], data: [1, 2] },
    { type: 'float32', dims: 'two', data: [] },
  ]) {
    assert.equal(toJson(value, 'app/Chat'), JSON.stringify(value));
  }
});

/** Excludes values of fast-check that JSON changes: undefined in a list, and numbers that JSON cannot represent. */
function isExact(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'symbol' || typeof value === 'bigint' || value === undefined) return false;
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every((item, i) => i in value && isExact(item));
  return Object.values(value).every((item) => item === undefined || isExact(item));
}

test('typed arrays are lists, wherever they are', () => {
  for (const Kind of [
    Float32Array,
    Float64Array,
    Int8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
  ]) {
    assert.equal(textOf({ a: [new Kind([1, 2])] }), '{"a":[[1,2]]}', Kind.name);
    assert.equal(toJson(new Kind([1, 2]), 'app/Chat'), '[1,2]', Kind.name);
  }
  assert.equal(textOf({ scores: new Float32Array([1.5, -0]), none: new Float32Array() }), '{"scores":[1.5,0],"none":[]}');
  assert.equal(textOf([Buffer.from('hi'), new Uint8Array([1])]), '[[104,105],[1]]');
  assert.equal(textOf({ ids: new BigInt64Array([1n, -2n]), more: new BigUint64Array([3n]) }), '{"ids":[1,-2],"more":[3]}');
  const view = new Float32Array(new ArrayBuffer(16), 4, 2);
  view.set([7, 8]);
  assert.equal(textOf({ view, again: view }), '{"view":[7,8],"again":[7,8]}');
});

test('tensors are lists of their shape', () => {
  const data = Float32Array.from({ length: 6 }, (_, i) => i);
  class OrtTensor {
    readonly cpuData: unknown;
    readonly location = 'cpu';
    readonly size = 6;
    constructor(
      readonly type: string,
      data: unknown,
      readonly dims: readonly number[],
    ) {
      this.cpuData = data;
    }
    get data() {
      return this.cpuData;
    }
  }
  class Mask {
    readonly type = 'uint8';
    readonly dims = [2];
    readonly data = new Uint8Array(2);
    readonly label = 'cat';
  }
  const half = new Uint16Array([0x3e00, 0xc100, 0x0001]);
  for (const [value, json] of [
    [{ type: 'float32', dims: [2, 3], data }, '[[0,1,2],[3,4,5]]'],
    [{ out: { type: 'float32', dims: [1, 2, 3], data } }, '{"out":[[[0,1,2],[3,4,5]]]}'],
    [new OrtTensor('float32', data, [3, 2]), '[[0,1],[2,3],[4,5]]'],
    [new OrtTensor('string', ['a', 'b'], [2]), '["a","b"]'],
    [{ type: 'string', dims: [1, 2], data: ['a', 'b'] }, '[["a","b"]]'],
    [{ type: 'bool', dims: [2], data: new Uint8Array([1, 0]) }, '[true,false]'],
    [{ type: 'int64', dims: [], data: new BigInt64Array([7n]) }, '7'],
    [{ type: 'float16', dims: [3], data: half }, `[1.5,-2.5,${2 ** -24}]`],
    [{ type: 'float32', dims: [2, 0], data: new Float32Array() }, '[[],[]]'],
    // The number of elements does not fit the dimensions, so this is no tensor, but an object with a list.
    [{ type: 'float32', dims: [2], data }, '{"type":"float32","dims":[2],"data":[0,1,2,3,4,5]}'],
    // Nor is one whose type is none of a tensor, or that has more to say.
    [{ type: 'mask', dims: [2], data: new Uint8Array(2) }, '{"type":"mask","dims":[2],"data":[0,0]}'],
    [
      { type: 'uint8', dims: [2], data: new Uint8Array(2), label: 'cat' },
      '{"type":"uint8","dims":[2],"data":[0,0],"label":"cat"}',
    ],
    [new Mask(), '{"type":"uint8","dims":[2],"data":[0,0],"label":"cat"}'],
  ] as const) {
    assert.equal(toJson(value, 'app/Chat'), json);
  }
});

test('where a schema says so, BigInts and bytes are texts, and nothing else changes', () => {
  class Account {
    readonly id = 1n;
  }
  const tensor = { type: 'uint8', dims: [2], data: new Uint8Array([1, 2]) };
  const value = { id: 2n, account: new Account(), bytes: [Buffer.from('hi'), new Uint8Array([104, 105]).buffer], tensor };
  const text = JSON.stringify(plainForm(value, 'app/Chat', true));
  assert.equal(text, '{"id":"2","account":{"id":"1"},"bytes":["aGk=","aGk="],"tensor":[1,2]}');
  assert.throws(() => plainForm({ id: 1n, deep: [{ m: new Map() }] }, 'app/Chat', true), {
    code: 'NBS_NO_JSON_FORM',
    message: /^app\/Chat: \$\.deep\[0\]\.m of the answer is a Map/,
  });
  assert.throws(() => plainForm({ id: 1n, later: later() }, 'app/Chat', true), { code: 'NBS_NOT_AWAITED' });
  const plain = { a: [1, 'x'] };
  assert.equal(plainForm(plain, 'app/Chat', true), plain);
});

const circle: { name: string; self?: unknown } = { name: 'circle' };
circle.self = [circle];
class Sealed {
  readonly #secret = 1;
  get secret() {
    return this.#secret;
  }
}
const sparse = [1, 2, 3];
delete sparse[1];

const REFUSED: readonly (readonly [value: unknown, where: string, what: string])[] = [
  [{ scores: [1, 2, { when: Number.NaN }] }, '$.scores[2].when of the answer', 'NaN'],
  [[Number.POSITIVE_INFINITY], '$[0] of the answer', 'Infinity'],
  [{ logits: new Float32Array([1, Number.NEGATIVE_INFINITY]) }, '$.logits[1] of the answer', '-Infinity'],
  [{ t: { type: 'float32', dims: [1, 2], data: new Float32Array([0, Number.NaN]) } }, '$.t[0][1] of the answer', 'NaN'],
  [{ n: 1n }, '$.n of the answer', 'a BigInt'],
  [{ n: new BigInt64Array([1n, 2n ** 60n]) }, '$.n[1] of the answer', 'a BigInt'],
  [{ 'a b': { c: new Map() } }, '$["a b"].c of the answer', 'a Map'],
  [new Map([[1, 2]]), 'the answer ($)', 'a Map'],
  [Object.assign(new Set([1]), { size2: 1 }), 'the answer ($)', 'a Set'],
  [{ e: Object.assign(new TypeError('x'), { code: 'E' }) }, '$.e of the answer', 'a TypeError'],
  [new Error('x'), 'the answer ($)', 'an Error'],
  [{ e: new DOMException('x') }, '$.e of the answer', 'a DOMException'],
  [{ f() {} }, '$.f of the answer', 'the function f'],
  [() => 1, 'the answer ($)', 'the function (anonymous)'],
  [{ s: Symbol('s') }, '$.s of the answer', 'a symbol'],
  [[1, undefined], '$[1] of the answer', 'undefined'],
  [[undefined], '$[0] of the answer', 'undefined'],
  [sparse, '$[1] of the answer', 'an empty place'],
  [{ d: new Date(Number.NaN) }, '$.d of the answer', 'an invalid Date'],
  [{ r: /x/g }, '$.r of the answer', 'a RegExp'],
  [{ b: new ArrayBuffer(2) }, '$.b of the answer', 'an ArrayBuffer'],
  [{ b: new DataView(new ArrayBuffer(2)) }, '$.b of the answer', 'a DataView'],
  [{ h: new Headers({ a: '1' }) }, '$.h of the answer', 'a Headers'],
  [{ w: new WeakMap() }, '$.w of the answer', 'a WeakMap'],
  [{ r: new Response('x') }, '$.r of the answer', 'a Response'],
  [{ s: (function* () {})() }, '$.s of the answer', 'a generator or stream'],
  [{ s: new ReadableStream() }, '$.s of the answer', 'a generator or stream'],
  [circle, '$.self[0] of the answer', 'an object that it is inside of'],
  [{ c: new Sealed() }, '$.c of the answer', 'a Sealed without properties of its own'],
  [{ c: Object.create({ inherited: 1 }) }, '$.c of the answer', 'an Object without properties of its own'],
  [
    {
      a: {
        get b() {
          throw new Error('no b');
        },
      },
    },
    '$.a.b of the answer',
    'a value whose reading failed (no b)',
  ],
  [{ a: { toJSON: () => [{ n: Number.NaN }] } }, '$.a[0].n of the answer', 'NaN'],
  [{ a: { toJSON: () => () => 1 } }, '$.a of the answer', 'the function (anonymous)'],
];

for (const [value, where, what] of REFUSED) {
  test(`${where} that is ${what} is an error that names it and what to write`, () => {
    assert.throws(
      () => toJson(value, 'app/Chat'),
      ({ code, message }: { code: string; message: string }) => {
        assert.equal(code, 'NBS_NO_JSON_FORM');
        const start = `app/Chat: ${where} is ${what}, which has no JSON form; `;
        assert.equal(message.slice(0, start.length), start);
        assert.ok(message.length > start.length + 5, message);
        return true;
      },
    );
  });
}

test('values that are deep or shared without end come to an end', () => {
  let deep: unknown = new Float32Array([1]);
  for (let i = 0; i < 1000; i += 1) deep = [deep];
  assert.equal(toJson(deep, 'app/Chat').length, 2003);
  for (let i = 0; i < 100_000; i += 1) deep = [deep];
  assert.throws(() => toJson(deep, 'app/Chat'), { code: 'NBS_NO_JSON_FORM' });
  let wide: unknown = [1];
  for (let i = 0; i < 40; i += 1) wide = [wide, wide];
  assert.throws(() => toJson(wide, 'app/Chat'), { code: 'NBS_NO_JSON_FORM' });
});
