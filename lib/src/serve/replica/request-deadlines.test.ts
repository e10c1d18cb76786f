import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RequestDeadlines } from './request-deadlines.js';

const NONE = Number.POSITIVE_INFINITY;

test('one without an end, or none at all, is no deadline', () => {
  const deadlines = new RequestDeadlines();
  assert.equal(deadlines.latest, NONE);
  deadlines.add(5);
  assert.equal(deadlines.latest, 5);
  deadlines.add(NONE);
  assert.equal(deadlines.latest, NONE);
  assert.equal(deadlines.count, 2);
  deadlines.remove(NONE);
  assert.equal(deadlines.latest, 5);
  deadlines.remove(5);
  assert.equal(deadlines.latest, NONE);
  assert.equal(deadlines.count, 0);
});

test('the latest is never too early, and right after as many changes as there are deadlines', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(NONE)))), (steps) => {
      const deadlines = new RequestDeadlines();
      const model: number[] = [];
      for (const [isNew, time] of steps) {
        if (isNew) {
          deadlines.add(time);
          model.push(time);
        } else if (model.length > 0) deadlines.remove(model.splice(time % model.length || 0, 1)[0] as number);
        const latest = model.length === 0 ? NONE : Math.max(...model);
        assert.ok(deadlines.latest >= latest, `${deadlines.latest} of ${model}`);
      }
      const times = [...new Set(model)].length + 1;
      for (let i = 0; i < times; i += 1) {
        deadlines.add(0);
        deadlines.remove(0);
        void deadlines.latest;
      }
      assert.equal(deadlines.latest, model.length === 0 ? NONE : Math.max(...model));
    }),
  );
});
