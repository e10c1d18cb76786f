import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pick } from './pick.js';

const candidates = fc.array(
  fc.record({ load: fc.nat(200), hasRoom: fc.boolean(), inFlight: fc.nat(200), hasUnacknowledged: fc.boolean() }),
  {
    maxLength: 12,
  },
);
/** A replica that has acknowledged every request of this router, and has `load` requests of other routers. */
const idle = (load: number) => ({ load, hasRoom: true, inFlight: 0, hasUnacknowledged: false });
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
      const chosen = pick(loads.map(idle), drawing(stream));
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
  const all = counts.map(() => idle(0));
  for (let i = 0; i < 4000; i += 1) {
    const chosen = pick(all, random);
    counts[chosen] = (counts[chosen] ?? 0) + 1;
  }
  assert.ok(
    counts.every((count) => count > 800 && count < 1200),
    counts.join(' '),
  );
});

test("one that is stopped holds half of a router's requests at most, whatever the others say of other routers' requests", () => {
  const others = fc.array(fc.nat(200), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(others, fc.integer({ min: 2, max: 40 }), randoms, (live, concurrency, stream) => {
      const stopped = idle(0);
      const all = [stopped, ...live.map(idle)];
      const random = drawing(stream);
      // A closed loop: each request that is not stuck ends, and a new one follows.
      for (let turn = 0; turn < 200; turn += 1) {
        const free = concurrency - stopped.inFlight;
        const working: typeof all = [];
        for (let i = 0; i < free; i += 1) {
          const chosen = all[pick(all, random)];
          assert.ok(chosen);
          chosen.inFlight += 1;
          chosen.load += 1;
          if (chosen === stopped) stopped.hasUnacknowledged = true;
          else working.push(chosen);
        }
        for (const one of working) {
          one.inFlight -= 1;
          one.load -= 1;
        }
      }
      assert.ok(stopped.inFlight <= 1 + concurrency / 2, `${stopped.inFlight} of ${concurrency}`);
    }),
  );
});
