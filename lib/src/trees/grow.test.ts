import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { binRows, makeBins, thresholdsOf } from './bins.js';
import { boost } from './boost.js';
import { auc } from './metrics.js';
import { parseParams, type TreesParams } from './options.js';
import { Shard } from './shard.js';
import type { Columns } from './table.js';

const fit = (train: Columns, params: TreesParams, others: Partial<Parameters<typeof boost>[0]> = {}) =>
  boost({
    where: 'test',
    params: parseParams('test', params),
    labelColumn: 'y',
    sets: [['train', train]],
    numBoostRound: 5,
    earlyStoppingRounds: undefined,
    numWorkers: 1,
    startWorkers: async (shards) => shards.map((shard) => new Shard(shard)),
    onTree: async () => true,
    ...others,
  });

const numbers = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.float({ noNaN: true })), { minLength: 1, maxLength: 400 });

describe('bins', () => {
  it('keep equal values together, in order, and at most as many bins as asked', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 2, max: 20 }), (values, maxBin) => {
        const sorted = Float32Array.from(values).sort();
        const limits = thresholdsOf(sorted, maxBin);
        assert.ok(limits.length < maxBin);
        const distinct = [...new Set(sorted)];
        if (distinct.length <= maxBin) assert.equal(limits.length, distinct.length - 1);
        for (let i = 1; i < limits.length; i += 1) assert.ok((limits[i - 1] as number) < (limits[i] as number));
        for (const limit of limits) assert.ok(sorted.some((value) => value <= limit) && sorted.some((value) => value > limit));
      }),
    );
  });

  it('come from a sample that also has values which alternate with the rows', () => {
    const rows = 450_000;
    const matrix = Float32Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? (i / 2) % 2 : Math.floor(i / 2) % 24));
    const [sensor, hour] = makeBins(matrix, [{ name: 'sensor' }, { name: 'hour' }], 255).thresholds;
    assert.deepEqual([sensor?.length, hour?.length], [1, 23]);
  });

  it('put a value at a threshold below it, a missing one into bin 0 and a category into its own', () => {
    const matrix = Float32Array.from([1, 0, Number.NaN, 1, 3, Number.NaN, 2, 2]);
    const bins = makeBins(matrix, [{ name: 'a' }, { name: 'b', categories: ['x', 'y', 'z'] }], 255);
    assert.deepEqual(bins.thresholds[0], Float32Array.from([1.5, 2.5]));
    assert.deepEqual([...binRows(matrix, bins)], [1, 1, 0, 2, 3, 0, 2, 3]);
    assert.deepEqual([...binRows(Float32Array.from([1.5, 0, 1.500001, 0]), bins)], [1, 1, 2, 1]);
  });
});

describe('growing', () => {
  const table = fc
    .array(
      fc.record({
        a: fc.option(fc.integer({ min: 0, max: 9 })),
        b: fc.constantFrom('p', 'q', 'r'),
        y: fc.double({ min: -9, max: 9, noNaN: true }),
      }),
      {
        minLength: 8,
        maxLength: 80,
      },
    )
    .map((rows): Columns => ({ a: rows.map(({ a }) => a), b: rows.map(({ b }) => b), y: rows.map(({ y }) => y) }));

  it('gives the same trees whatever the number of workers', async () => {
    const params = { subsample: 0.7, colsampleBytree: 0.5, minChildWeight: 0, seed: 3 };
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 2, max: 5 }), async (columns, numWorkers) => {
        const [one, many] = [await fit(columns, params), await fit(columns, params, { numWorkers })];
        assert.deepEqual(many.model.toJSON(), one.model.toJSON());
      }),
      { numRuns: 40 },
    );
  });

  it('lowers the squared loss with every tree, and what it reports is the loss of its predictions', async () => {
    await fc.assert(
      fc.asyncProperty(table, async (columns) => {
        const { model, history } = await fit(columns, { lambda: 0, minChildWeight: 0 });
        const losses = history.map((metrics) => metrics['train-rmse'] as number);
        for (let i = 1; i < losses.length; i += 1) assert.ok((losses[i] as number) <= (losses[i - 1] as number) + 1e-5);
        const labels = columns.y as number[];
        const squares = [...model.predict(columns)].map((value, i) => (value - (labels[i] as number)) ** 2);
        const rmse = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
        assert.ok(Math.abs(rmse - (losses.at(-1) as number)) < 1e-4);
      }),
      { numRuns: 40 },
    );
  });

  it('learns where missing values belong, and tells categories apart', async () => {
    const a = Array.from({ length: 90 }, (_, i) => (i % 3 === 0 ? null : i));
    const b = a.map((_, i) => ['p', 'q', 'r'][i % 2] as string);
    const y = a.map((value, i) => (value === null ? 5 : 0) + (b[i] === 'q' ? 1 : 0));
    const { model } = await fit({ a, b, y }, { eta: 1, lambda: 0, maxDepth: 3 });
    const found = model.predict([
      { a: null, b: 'p' },
      { a: Number.NaN, b: 'q' },
      { a: 7, b: 'p' },
      { a: 7, b: 'q' },
    ]);
    assert.deepEqual(
      [...found].map((value) => Math.round(value * 1000) / 1000),
      [5, 6, 0, 1],
    );
    assert.deepEqual(Object.keys(model.featureImportances()), ['a', 'b']);
    assert.ok((model.featureImportances('weight').a as number) >= 1);
  });

  it('stops when the last metric of the last set is no longer better, and keeps the best trees', async () => {
    const noise = (i: number) => ((Math.imul(i + 1, 2_654_435_761) >>> 0) % 1009) / 1009;
    const set = (from: number): Columns => ({
      a: Array.from({ length: 200 }, (_, i) => noise(from + i)),
      y: Array.from({ length: 200 }, (_, i) => Number(noise(from + i) + noise(3 * (from + i) + 7) > 1)),
    });
    const sets = [
      ['train', set(0)],
      ['valid', set(5000)],
    ] as const;
    const params = { objective: 'binary:logistic', eta: 0.5 } as const;
    const { model, history } = await fit({}, params, { sets, numBoostRound: 500, earlyStoppingRounds: 5 });
    const losses = history.map((metrics) => metrics['valid-logloss'] as number);
    assert.ok(history.length < 500);
    assert.equal(model.numTrees, losses.indexOf(Math.min(...losses)) + 1);
    assert.equal(history.length, model.numTrees + 5);
  });

  it('refuses what it cannot learn from, with the place', async () => {
    const ok = { a: [1, 2], y: [0, 1] };
    const refused = (columns: Columns, code: string, message: RegExp, params: TreesParams = {}) =>
      assert.rejects(fit(columns, params), { code, message });
    await refused({ a: [1, 2] }, 'NBS_TREES_NO_COLUMN', /y/);
    await refused({ ...ok, y: [0, 2] }, 'NBS_TREES_WRONG_VALUE', /row 1 of the column y is 2/, { objective: 'binary:logistic' });
    await refused({ ...ok, y: [0, Number.NaN] }, 'NBS_TREES_WRONG_VALUE', /row 1/);
    await refused({ ...ok, a: ['x', 2] }, 'NBS_TREES_WRONG_VALUE', /row 1 of the column a/);
    await refused({ ...ok, a: [new Date(0) as never, 2] }, 'NBS_TREES_WRONG_VALUE', /Date/);
    const many = Array.from({ length: 300 }, (_, i) => `text ${i}`);
    await refused({ a: many, y: many.map(() => 1) }, 'NBS_TREES_TOO_MANY_CATEGORIES', /300/);
    assert.throws(() => parseParams('test', { max_depth: 3 } as TreesParams), {
      code: 'NBS_INVALID_OPTION',
      message: /maxDepth/,
    });
  });
});

describe('auc', () => {
  it('is the share of pairs in the right order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()), { minLength: 2, maxLength: 40 }), (pairs) => {
        const predictions = Float64Array.from(pairs, ([value]) => value);
        const labels = Float64Array.from(pairs, ([, label]) => Number(label));
        let [right, all] = [0, 0];
        for (const [a, one] of pairs)
          for (const [b, zero] of pairs) {
            if (!one || zero) continue;
            all += 1;
            right += a > b ? 1 : a === b ? 0.5 : 0;
          }
        const found = auc(predictions, labels);
        assert.ok(all === 0 ? Number.isNaN(found) : Math.abs(found - right / all) < 1e-12);
      }),
    );
  });
});
