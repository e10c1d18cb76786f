import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { changeBetween, type FeedChange, withChange } from './feed-change.js';

const name = fc.constantFrom('a', 'b', 'c', 'version', '__proto__', 'toString');
const entry = fc.oneof(fc.nat(3), fc.constant(null), fc.array(fc.nat(2), { maxLength: 2 }), fc.record({ n: fc.nat(2) }));
const value = fc.dictionary(name, fc.oneof(entry, fc.dictionary(name, entry)));
const overTheWire = (change: FeedChange): FeedChange => JSON.parse(JSON.stringify(change)) as FeedChange;

describe('a change of a topic', () => {
  it('makes the value after of the value before, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 6 }), (values) => {
        let known: unknown = values[0];
        for (const [i, after] of values.entries()) {
          const change = changeBetween(values[Math.max(0, i - 1)], after) ?? assert.fail();
          known = withChange(known, overTheWire(change));
          assert.deepEqual(JSON.stringify(sorted(known)), JSON.stringify(sorted(after)));
        }
      }),
    );
  });

  it('holds only what changed, and leaves the rest the same objects', () => {
    const [kept, old, fresh] = [{ n: 1 }, { n: 2 }, { n: 3 }];
    const before = { version: 1, routes: ['/'], deployments: { kept, old, gone: old } };
    const change = changeBetween(before, { version: 2, routes: before.routes, deployments: { kept, old: fresh } });
    assert.deepEqual(change, {
      fields: { version: 2 },
      entries: { deployments: { old: fresh } },
      gone: { fields: [], entries: { deployments: ['gone'] } },
    });
    const after = withChange(before, change ?? assert.fail()) as typeof before;
    assert.equal(after.deployments.kept, kept);
    assert.equal(after.routes, before.routes);
  });

  it('is none between values that are no objects', () => {
    for (const odd of [1, null, undefined, 'text', [1]]) assert.equal(changeBetween({ a: 1 }, odd), null);
    assert.equal(changeBetween([1], { a: 1 }), null);
  });
});

/** A copy with sorted keys. */
function sorted(one: unknown): unknown {
  if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
  return Object.entries(one)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => [key, sorted(inner)]);
}
