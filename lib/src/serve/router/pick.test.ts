import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pick } from './pick.js';

const candidates = fc.array(fc.record({ load: fc.nat(200), hasRoom: fc.boolean() }), { maxLength: 12 });
const randoms = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
const drawing = (stream: Iterator<number>) => (): number => stream.next().value;

test('one with room is chosen whenever there is one, and never another', () => {
  fc.assert(
    fc.property(candidates, randoms, (all, stream) => {
      const chosen = pick(all, drawing(stream));
      assert.equal(
        chosen >= 0,
        all.some(({ hasRoom }) => hasRoom),
      );
      if (chosen >= 0) assert.equal(all[chosen]?.hasRoom, true);
    }),
  );
});

test('with room everywhere, the most loaded of several is never chosen', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(1000), { minLength: 2, maxLength: 10 }), randoms, (loads, stream) => {
      const chosen = pick(
        loads.map((load) => ({ load, hasRoom: true })),
        drawing(stream),
      );
      assert.notEqual(loads[chosen], Math.max(...loads));
    }),
  );
});

test('replicas of equal load are chosen about equally often', () => {
  const counts = [0, 0, 0, 0];
  let seed = 1;
  const random = (): number => {
    seed = (seed * 48271) % 2147483647; // Park–Miller
    return seed / 2147483647;
  };
  const all = counts.map(() => ({ load: 0, hasRoom: true }));
  for (let i = 0; i < 4000; i += 1) {
    const chosen = pick(all, random);
    counts[chosen] = (counts[chosen] ?? 0) + 1;
  }
  assert.ok(
    counts.every((count) => count > 800 && count < 1200),
    counts.join(' '),
  );
});
