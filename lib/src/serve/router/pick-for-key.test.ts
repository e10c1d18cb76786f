import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pickForKey } from './pick-for-key.js';

const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 12 });
const keys = fc.string({ minLength: 1, maxLength: 30 });
const homeOf = (all: readonly string[], key: string): string | undefined =>
  all[
    pickForKey(
      all.map((id) => ({ id })),
      key,
      () => true,
    )
  ];

test('every router chooses the same replica, in whatever order it knows them', () => {
  fc.assert(fc.property(ids, keys, (all, key) => assert.equal(homeOf([...all].reverse(), key), homeOf(all, key))));
});

test('a replica that ends moves only its own keys, and one that is added takes keys only to itself', () => {
  fc.assert(
    fc.property(ids, keys, fc.nat(), (all, key, at) => {
      const gone = all[at % all.length];
      const rest = all.filter((id) => id !== gone);
      const before = homeOf(all, key);
      const after = homeOf(rest, key);
      if (before !== gone) assert.equal(after, before);
      // Read the other way round: `gone` is added to `rest`.
      if (after !== before) assert.equal(before, gone);
    }),
  );
});

test('what is not acceptable is skipped, and the order of the others stays', () => {
  fc.assert(
    fc.property(ids, keys, (all, key) => {
      const replicas = all.map((id) => ({ id }));
      const order: string[] = [];
      while (order.length < all.length) order.push(all[pickForKey(replicas, key, ({ id }) => !order.includes(id))] as string);
      assert.deepEqual([...order].sort(), [...all].sort());
      assert.equal(
        pickForKey(replicas, key, () => false),
        -1,
      );
    }),
  );
});

test('keys are spread over the replicas, and one more takes about its share', () => {
  const four = ['S#a1', 'S#a2', 'S#a3', 'S#a4'];
  const counts = new Map<string, number>();
  let moved = 0;
  for (let i = 0; i < 4000; i += 1) {
    const home = homeOf(four, `session-${i}`) as string;
    counts.set(home, (counts.get(home) ?? 0) + 1);
    if (homeOf([...four, 'S#a5'], `session-${i}`) !== home) moved += 1;
  }
  for (const count of counts.values()) assert.ok(count > 850 && count < 1150, String(count));
  assert.ok(moved > 650 && moved < 950, String(moved));
});
