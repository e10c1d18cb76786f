import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pickForModel } from './pick-for-model.js';

const idle = (ids: readonly string[]) => ids.map((id) => ({ id, load: 0, hasRoom: true }));
const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 12 });

test('every router asks the same replica for a model; one that goes moves its own models only', () => {
  fc.assert(
    fc.property(ids, fc.string({ minLength: 1 }), fc.nat(), (all, model, at) => {
      const chosen = all[pickForModel(idle(all), model)];
      const shuffled = [...all].reverse();
      assert.equal(shuffled[pickForModel(idle(shuffled), model)], chosen);
      const gone = all[at % all.length];
      const rest = all.filter((id) => id !== gone);
      const next = rest[pickForModel(idle(rest), model)];
      if (gone !== chosen) assert.equal(next, chosen);
    }),
  );
});

test('one with room is chosen whenever there is one, and never another', () => {
  const candidates = fc.array(fc.record({ id: fc.string(), load: fc.nat(200), hasRoom: fc.boolean() }), { maxLength: 12 });
  fc.assert(
    fc.property(candidates, fc.string(), (all, model) => {
      const chosen = pickForModel(all, model);
      assert.equal(
        chosen >= 0,
        all.some(({ hasRoom }) => hasRoom),
      );
      if (chosen >= 0) assert.equal(all[chosen]?.hasRoom, true);
    }),
  );
});

test('models are spread over the replicas', () => {
  const replicas = idle(['Multi#a1', 'Multi#a2', 'Multi#a3', 'Multi#a4']);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 4000; i += 1) {
    const chosen = pickForModel(replicas, `model-${i}`);
    counts[chosen] = (counts[chosen] ?? 0) + 1;
  }
  assert.ok(
    counts.every((count) => count > 850 && count < 1150),
    counts.join(' '),
  );
});

test('a model that everybody wants gets a second replica, and no replica is far above its share', () => {
  const replicas = ['a', 'b', 'c'].map((id) => ({ id, load: 0, hasRoom: true }));
  const used = new Set<number>();
  for (let i = 0; i < 60; i += 1) {
    const chosen = pickForModel(replicas, 'hot');
    used.add(chosen);
    const replica = replicas[chosen];
    if (replica !== undefined) replica.load += 1;
    if (i === 3) assert.equal(used.size, 1, 'a few requests are no reason to load it twice');
  }
  assert.ok(used.size >= 2);
  assert.ok(Math.max(...replicas.map(({ load }) => load)) <= 4 + (1.25 * 61) / 3 + 1);
});
