import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deserialize, serialize } from 'node:v8';
import { createContext, runInContext } from 'node:vm';
import fc from 'fast-check';
import { defineError, hasCode, type NbserveError, registerExtension, type ValueExtension } from '../core/index.js';
import { CannotClone, InvalidValue } from './errors.js';
import { encodeItem, ItemDecoder } from './items.js';
import { decodeValue, encodeValue, type ValueCodec } from './values.js';

const trip = <T>(value: T, codec?: ValueCodec): T => decodeValue(encodeValue(value, codec), codec) as T;

const anything = fc.anything({
  withBigInt: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withNullPrototype: false,
});

test('what structured clone carries arrives as from structured clone', () => {
  fc.assert(
    fc.property(anything, (value) => {
      assert.deepStrictEqual(trip(value), deserialize(serialize(value)));
    }),
    { numRuns: 400 },
  );
});

test('dates arrive, an invalid one as invalid', () => {
  fc.assert(fc.property(fc.date({ noInvalidDate: true }), (date) => assert.deepStrictEqual(trip([date]), [date])));
  // This has a test of its own because deepStrictEqual never finds two invalid dates equal.
  assert.ok(Number.isNaN(trip(new Date(Number.NaN)).getTime()));
});

test('what JSON would bend arrives unbent', () => {
  for (const value of [
    -0,
    Number.NaN,
    undefined,
    [undefined],
    { a: undefined },
    Object.assign(new Array(2), { 1: 'behind a hole' }),
    10n,
    'a\ud800b',
    { ['__proto__']: 1 },
    [],
    {},
    null,
  ]) {
    assert.deepStrictEqual(trip(value), value);
  }
  const match = 'abc'.match(/b/) as RegExpMatchArray;
  assert.equal(trip(match).index, 1, 'properties of an array beside its items');
  const shared = { x: 1 };
  const both = trip([shared, shared]);
  assert.equal(both[0], both[1], 'shared references stay shared');
});

test('cycles, depth and wide sharing', () => {
  const loop: { self?: unknown; error?: Error } = {};
  loop.self = loop;
  assert.equal(trip(loop).self instanceof Object, true);
  const copy = trip(loop) as { self: unknown };
  assert.equal(copy.self, copy);
  loop.error = new Error('inside a cycle');
  const extended = trip(loop) as { self: unknown; error: Error };
  assert.equal(extended.self, extended);
  assert.equal(extended.error.message, 'inside a cycle');
  let deep: unknown = 'bottom';
  for (let i = 0; i < 500; i += 1) deep = [deep];
  assert.deepEqual(trip(deep), deep);
  let wide: unknown = [1];
  for (let i = 0; i < 60; i += 1) wide = [wide, wide];
  assert.ok(encodeValue(wide).length < 10_000, '2^60 paths, 61 objects');
});

test('views arrive as their own bytes and nothing else’s', () => {
  const pool = new ArrayBuffer(1024);
  const floats = new Float32Array(pool, 512, 3);
  floats.set([1.5, 2.5, 3.5]);
  assert.ok(encodeValue(floats).length < 100);
  const arrived = trip({ floats, text: Buffer.from('hey'), view: new DataView(pool, 0, 4) });
  assert.deepEqual(arrived.floats, new Float32Array([1.5, 2.5, 3.5]));
  assert.equal(arrived.floats.buffer.byteLength, 12);
  assert.ok(Buffer.isBuffer(arrived.text));
  assert.equal(arrived.text.toString(), 'hey');
  assert.equal(arrived.view.byteLength, 4);
});

test('views of every kind that this version of Node has arrive as such', () => {
  const { Float16Array } = globalThis as { readonly Float16Array?: new (values: number[]) => NodeJS.ArrayBufferView };
  const views = [
    new Int8Array([1]),
    new Uint8ClampedArray([2]),
    new Int16Array([3]),
    new Uint16Array([4]),
    new Int32Array([5]),
    new Uint32Array([6]),
    new Float64Array([7]),
    new BigInt64Array([8n]),
    new BigUint64Array([9n]),
    ...(Float16Array === undefined ? [] : [new Float16Array([1.5, -2])]),
  ];
  assert.deepStrictEqual(trip({ views }), { views });
});

test('instances of classes arrive as plain objects, values of another realm as ours', () => {
  class Point {
    constructor(
      readonly x: number,
      readonly when: Date,
    ) {}
  }
  assert.deepStrictEqual(trip<unknown>(new Point(1, new Date(5))), { x: 1, when: new Date(5) });
  const foreign: unknown = runInContext(
    '({ list: [1, new Map([[1, { a: 2 }]])], when: new Date(3), bytes: new Uint8Array([1, 2]) })',
    createContext({}),
  );
  assert.deepStrictEqual(trip(foreign), {
    list: [1, new Map([[1, { a: 2 }]])],
    when: new Date(3),
    bytes: new Uint8Array([1, 2]),
  });
});

test('errors keep code, status, details, stack and cause, also inside other values', () => {
  const Odd = defineError('NBS_TEST_ODD', 418, 'odd {n}');
  const cause = Object.assign(new TypeError('why'), { code: 'E_WHY' });
  const error = Odd({ n: 3 }, cause);
  const [arrived] = trip([error]) as [NbserveError];
  assert.ok(hasCode(arrived, Odd));
  assert.deepEqual([arrived.status, arrived.message, arrived.details, arrived.stack], [418, 'odd 3', { n: 3 }, error.stack]);
  const arrivedCause = arrived.cause as NodeJS.ErrnoException;
  assert.deepEqual([arrivedCause.name, arrivedCause.message, arrivedCause.code], ['TypeError', 'why', 'E_WHY']);
});

test('what cannot be sent is named by its path, with advice', () => {
  const refused = (value: unknown, message: string): void =>
    assert.throws(
      () => encodeValue(value, { root: 'args' }),
      (error) => hasCode(error, CannotClone) && (error as Error).message === message,
    );
  const send = (path: string, what: string): string => `args${path}: ${what} cannot be sent to another process`;
  refused([{ db: { connect() {} } }], send('[0].db.connect', 'the function connect'));
  refused([() => 1], send('[0]', 'the function (anonymous)'));
  refused([Symbol('s')], send('[0]', 'a symbol'));
  refused(
    [{ 'a key': [1, new URL('http://a.b')] }],
    `${send('[0]["a key"][1]', 'an URL')}; send url.href`.replace('an URL', 'a URL'),
  );
  refused([new Map([['k', new Headers()]])], `${send('[0].get("k")', 'a Headers')}; send Object.fromEntries(headers)`);
  refused([Promise.resolve(1)], `${send('[0]', 'a Promise')}; await it first`);
  refused([new Request('http://a.b')], `${send('[0]', 'a Request')}; send its url, headers and body`);
  refused([new AbortController().signal], send('[0]', 'an AbortSignal'));
  refused(
    [process.stdout],
    `${send('[0]', `${process.stdout.constructor.name.startsWith('A') ? 'an' : 'a'} ${process.stdout.constructor.name}`)}; create it in the constructor of the deployment`,
  );
  refused([new Proxy({}, {})], send('[0]', 'a Proxy'));
  refused([new SharedArrayBuffer(4)], send('[0]', 'a SharedArrayBuffer'));
  refused({ deep: { set: new Set([1, new WeakMap()]) } }, send('.deep.set.values()[1]', 'a WeakMap'));
});

test('extensions carry what only they know, nested too, functions included', () => {
  class Handle {
    constructor(
      readonly app: string,
      readonly next?: unknown,
    ) {}
  }
  const handles: ValueExtension<Handle, { app: string; next: unknown }> = {
    name: 'test-handle',
    test: (value) => value instanceof Handle,
    encode: ({ app, next }) => ({ app, next }),
    decode: ({ app, next }) => new Handle(app, next),
  };
  const callables: ValueExtension<() => void, string> = {
    name: 'test-callable',
    test: (value) => typeof value === 'function' && 'remote' in value,
    encode: (value) => value.name,
    decode: (name) => Object.assign(() => {}, { remote: name }),
  };
  registerExtension(handles);
  const value = [{ model: new Handle('a', { inner: new Handle('b', new Float32Array([1])) }), other: new Date(1) }];
  const [arrived] = trip(value) as [(typeof value)[0]];
  assert.ok(arrived.model instanceof Handle);
  assert.deepStrictEqual(arrived, value[0]);
  const codec = { extensions: [callables as unknown as ValueExtension] };
  const callable = Object.assign(function hello() {}, { remote: true });
  assert.equal((trip([callable], codec)[0] as unknown as { remote: string }).remote, 'hello');
  assert.throws(
    () => decodeValue(encodeValue([callable], codec)),
    (error) => hasCode(error, InvalidValue) && /test-callable/.test((error as Error).message),
  );
});

test('bytes that are no value end in a coded error', () => {
  for (const bytes of [[], [0], [9, 1, 2], [2, 123], [0, 255, 15, 111, 34]]) {
    assert.throws(
      () => decodeValue(Uint8Array.from(bytes)),
      (error) => hasCode(error, InvalidValue),
    );
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
      try {
        decodeValue(garbage);
      } catch (error) {
        assert.ok(hasCode(error, InvalidValue));
      }
    }),
  );
});

test('items are cut out of a body however it was split', () => {
  const values = [1, 'two', { three: [3] }, undefined, new Uint8Array(300)];
  const bytes = Buffer.concat(values.map((value) => encodeItem(value)));
  for (let size = 1; size <= bytes.length; size += 7) {
    const decoder = new ItemDecoder();
    const seen: unknown[] = [];
    for (let at = 0; at < bytes.length; at += size) seen.push(...decoder.feed(bytes.subarray(at, at + size)));
    assert.deepEqual(seen, values);
  }
});
