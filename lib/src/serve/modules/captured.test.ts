import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { capturedBy } from './captured.js';

const make = (value: unknown) =>
  class Model {
    ask(): unknown {
      return value;
    }
  };
const digest = (value: unknown): string => capturedBy(make(value)).digest;

class Price {
  #secret = 1;
  constructor(readonly cents: number) {}
  open(): number {
    return this.#secret;
  }
}

describe('what a class sees of the function that made it', () => {
  const different = [
    undefined,
    null,
    0,
    -0,
    1,
    1n,
    Number.NaN,
    '',
    '1',
    true,
    Symbol('a'),
    [],
    [1, 2],
    [2, 1],
    [[1], 2],
    {},
    { a: 1 },
    { b: 1 },
    { a: 1, b: 2 },
    new Map([[1, 2]]),
    new Set([1, 2]),
    new Date(1),
    new Date(2),
    /a/g,
    /a/i,
    new Uint8Array([1, 2]),
    new Uint8Array([1, 3]),
    new Float32Array([1]),
    new Price(1),
    new Price(2),
  ];

  it('is told apart by its value, and is the same for equal values', () => {
    const digests = different.map(digest);
    assert.equal(new Set(digests).size, different.length);
    assert.deepEqual(
      digests,
      different.map((value) => digest(typeof value === 'symbol' ? value : structuredCloneOf(value))),
    );
  });

  it('is certain unless it holds what cannot be looked into', () => {
    for (const value of [1, 'a', [1, { b: new Date(1) }], new Map([['a', new Uint8Array(3)]])])
      assert.equal(capturedBy(make(value)).isCertain, true);
    const odd = Object.defineProperty({}, 'a', { get: () => assert.fail('user code ran'), enumerable: true });
    const proxy = new Proxy({}, { get: () => assert.fail('user code ran'), ownKeys: () => assert.fail('user code ran') });
    for (const value of [() => 1, new Price(1), odd, proxy, Array.from({ length: 10_000 }, (_, i) => i), new Uint8Array(2 ** 21)])
      assert.equal(capturedBy(make(value)).isCertain, false);
  });

  it('tells classes apart that are given to one call', () => {
    const named = [class A {}, class B {}].map(capturedBy);
    assert.notEqual(named[0]?.digest, named[1]?.digest);
    const [one, two] = [
      class {
        a() {
          return 1;
        }
      },
      class {
        a() {
          return 2;
        }
      },
    ].map(capturedBy);
    assert.equal(one?.digest, two?.digest);
    assert.notEqual(one?.code, two?.code);
    assert.equal(capturedBy(make(1)).code, capturedBy(make(2)).code);
  });

  it('is nothing of the file, and ends in spite of cycles', () => {
    const digests = [() => digest, () => make].map((Top) => capturedBy(Top).digest);
    assert.equal(digests[0], digests[1]);
    const cycle: unknown[] = [];
    cycle.push(cycle);
    assert.notEqual(digest(cycle), digest([[]]));
  });
});

const structuredCloneOf = (value: unknown): unknown => (value instanceof Price ? new Price(value.cents) : structuredClone(value));
