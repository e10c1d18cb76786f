import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { ValueDecoder } from './value-decode.js';
import { ValueEncoder } from './value-encode.js';
import type { ValueGraph } from './value-format.js';

const NO_SOURCES = { sourceOf: () => undefined, privateMember: () => undefined };

function sent(...values: readonly unknown[]): unknown[] {
  const encoder = new ValueEncoder();
  const indexes = values.map((value) => encoder.add(value, NO_SOURCES).index);
  const graph = JSON.parse(JSON.stringify(encoder.graph())) as ValueGraph;
  const decoder = new ValueDecoder(graph, (n) => encoder.blobs[n] as Uint8Array, {});
  return indexes.map((index) => decoder.root(index));
}

test('any value that fast-check makes arrives unchanged', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
    withNullPrototype: true,
    withBoxedValues: true,
  });
  fc.assert(
    fc.property(anything, (value) => {
      // For the assert of Node 20 two of them differ; see below.
      fc.pre(!inspect(value, { depth: Number.POSITIVE_INFINITY, maxArrayLength: null }).includes('Invalid Date'));
      assert.deepStrictEqual(sent(value)[0], value);
    }),
    { numRuns: 500 },
  );
});

test('an invalid date stays one', () => {
  const [date] = sent(new Date(Number.NaN)) as [Date];
  assert.ok(date instanceof Date && Number.isNaN(date.getTime()));
});

test('large data is stored in blobs, and is used without a copy', () => {
  const array = new Float64Array(10_000).fill(1.5);
  const [copy] = sent(array) as [Float64Array];
  assert.deepEqual(copy, array);
  assert.equal(copy.buffer, array.buffer, 'no copy where the blob fills its buffer');
});

test('objects that several variables share stay shared', () => {
  const shared = { n: 1 };
  const [a, b] = sent({ shared }, [shared]) as [{ shared: object }, object[]];
  assert.equal(a.shared, b[0]);
});

test('a refused value leaves the graph as it was', () => {
  const encoder = new ValueEncoder();
  encoder.add({ a: 1 }, NO_SOURCES);
  const before = JSON.stringify(encoder.graph());
  assert.throws(() => encoder.add({ big: new Uint8Array(1e5), deep: [{ p: Promise.resolve() }] }, NO_SOURCES), {
    path: '.deep[0].p',
  });
  assert.equal(JSON.stringify(encoder.graph()), before);
  assert.equal(encoder.blobs.length, 0);
});

test('a value whose class does not exist yet is filled in when it does', () => {
  class Point {}
  const encoder = new ValueEncoder();
  encoder.add({ list: [new Point()], keys: new Map([[Point, 1]]) }, { sourceOf: () => 'point', privateMember: () => undefined });
  let ready = false;
  const decoder = new ValueDecoder(encoder.graph(), () => new Uint8Array(), {
    point: () => {
      if (!ready) throw new ReferenceError('not yet');
      return Point;
    },
  });
  const value = decoder.root(0) as { list: object[]; keys: Map<unknown, number> };
  assert.equal(value.keys.size, 0);
  ready = true;
  decoder.settle();
  assert.ok(value.list[0] instanceof Point);
  assert.equal(value.keys.get(Point), 1);
});
