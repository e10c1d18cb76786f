import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { armAt, armOf } from './choose-arm.js';

const armsOf = (weights: readonly number[]) => weights.map((weight, i) => ({ app: `classify-v${i}`, deployment: 'd', weight }));
const keys = Array.from({ length: 10_000 }, (_, i) => `user-${i}`);
const weightLists = (length: number) =>
  fc.array(fc.integer({ min: 0, max: 100 }), { minLength: length, maxLength: length }).filter((list) => list.some((w) => w > 0));

test('a point falls on the arm whose part of the line it is in', () => {
  const arms = armsOf([0, 0.25, 0, 0.75, 0]);
  const cases: [number, number][] = [
    [0, 1],
    [0.2499, 1],
    [0.25, 3],
    [0.999999, 3],
  ];
  for (const [point, i] of cases) assert.equal(armAt(arms, point), arms[i]);
  // Because of rounding, the sum of ten tenths is below 1.
  assert.equal(armAt(armsOf(Array.from({ length: 10 }, () => 0.1)), 1 - 2 ** -53)?.app, 'classify-v9');
  assert.equal(armAt([], 0.5), undefined);
});

test('keys are divided by weight', () => {
  for (const weights of [
    [0.9, 0.1],
    [0.5, 0.5],
    [0.2, 0.3, 0.5],
    [1, 0],
  ]) {
    const arms = armsOf(weights);
    for (const { app, weight } of arms) {
      const part = keys.filter((key) => armOf(arms, key)?.app === app).length / keys.length;
      // Five standard deviations for this many random choices.
      assert.ok(Math.abs(part - weight) <= 5 * Math.sqrt((weight * (1 - weight)) / keys.length), `${app}: ${part} for ${weight}`);
    }
  }
});

test('a shift moves a key only to an arm whose weight has grown against that of its own', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }).chain((n) => fc.tuple(weightLists(n), weightLists(n))),
      ([before, after]) => {
        const [old, fresh] = [armsOf(before), armsOf(after)];
        for (const key of keys.slice(0, 200)) {
          const from = old.indexOf(armOf(old, key) ?? assert.fail());
          const to = fresh.indexOf(armOf(fresh, key) ?? assert.fail());
          if (from === to) continue;
          const [grew, had] = [(after[to] ?? 0) * (before[from] ?? 0), (before[to] ?? 0) * (after[from] ?? 0)];
          assert.ok(grew > had, `${key} went from ${from} to ${to}: ${before} -> ${after}`);
        }
      },
    ),
  );
});

test('a shift between two arms moves the difference and no more', () => {
  const [old, fresh] = [armsOf([0.9, 0.1]), armsOf([0.7, 0.3])];
  const moved = keys.filter((key) => armOf(old, key)?.app !== armOf(fresh, key)?.app);
  assert.ok(Math.abs(moved.length / keys.length - 0.2) < 0.02, `${moved.length} of ${keys.length}`);
  assert.ok(moved.every((key) => armOf(fresh, key)?.app === 'classify-v1'));
});

test('an arm that comes or goes moves its own keys alone', () => {
  const [two, three] = [armsOf([0.5, 0.5]), armsOf([0.5, 0.5, 0.5])];
  for (const key of keys.slice(0, 2000)) {
    const chosen = armOf(three, key)?.app;
    if (chosen !== 'classify-v2') assert.equal(armOf(two, key)?.app, chosen);
  }
});
