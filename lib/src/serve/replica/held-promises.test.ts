import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldPromises } from './held-promises.js';

test('promises are found in fields of every kind, and in what these hold', () => {
  const pending = () => new Promise(() => {});
  class Base {
    static readonly #shared = pending();
    readonly #inherited = pending();
    readonly base = pending();
    both() {
      return [this.#inherited, Base.#shared];
    }
  }
  class Model extends Base {
    static readonly one = pending();
    readonly own = pending();
    readonly #hidden = { list: [1, pending()], map: new Map([['cat', pending()]]), set: new Set([pending()]) };
    readonly again = this.own;
    get computed() {
      return [pending(), this.#hidden];
    }
  }
  const places = heldPromises(new Model()).map(({ place }) => place);
  assert.deepEqual(places.sort(), [
    '#hidden.list[1]',
    '#hidden.map.get(cat)',
    '#hidden.set[0]',
    '#inherited',
    'base',
    'own',
    'static #shared',
    'static one',
  ]);
});

test('objects of other classes are left alone, a getter is not run, and a cycle ends', () => {
  class Connection {
    readonly closed = new Promise(() => {});
  }
  const plain: Record<string, unknown> = { connection: new Connection(), bytes: new Uint8Array(4) };
  plain.self = plain;
  Object.defineProperty(plain, 'trap', {
    enumerable: true,
    get: () => assert.fail('a getter was run'),
  });
  class Holder {
    readonly plain = plain;
    // biome-ignore lint/suspicious/noThenProperty: a query builder has one, and calling it runs the query
    readonly thenable = { then: () => assert.fail('a thenable was called') };
  }
  assert.deepEqual(heldPromises(new Holder()), []);
});

test('code of users is not run: keys that have no text, subclasses that count, and proxies', () => {
  const late = new Promise(() => {});
  class Counted extends Map {
    override [Symbol.iterator](): never {
      return assert.fail('an iterator was run');
    }
  }
  class Rows extends Array {
    static override get [Symbol.species](): never {
      return assert.fail('a species was asked for');
    }
  }
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const holder = {
    keys: new Map<unknown, unknown>([
      [Object.create(null), late],
      [Symbol('s'), 1],
    ]),
    counted: new Counted(),
    rows: Rows.of(1),
    revoked: revoked.proxy,
    trap: new Proxy([], { get: () => assert.fail('a trap was run') }),
  };
  assert.deepEqual(
    heldPromises(holder).map(({ place }) => place),
    ['keys.get(…)'],
  );
});
