import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { choice, type Domain, gridSearch, loguniform, randint, uniform } from './domain.js';
import { ASHAScheduler, MedianStoppingRule } from './scheduler.js';
import { BasicVariantGenerator, type Finished, TPESearch } from './search.js';
import { configOf, dimensionsOf, merged } from './space.js';

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('domains', () => {
  const inside = (domain: Domain<number>, isValid: (value: number) => boolean) =>
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (place) => {
        const value = domain.at(place);
        assert.ok(isValid(value), String(value));
        // A value has the place that leads to it again.
        assert.ok(Math.abs(domain.at(domain.placeOf(value)) - value) <= 1e-9 * Math.abs(value));
      }),
    );

  it('give values of their range, and find the place of a value', () => {
    inside(randint(2, 12), (value) => Number.isInteger(value) && value >= 2 && value < 12);
    inside(uniform(-1, 2), (value) => value >= -1 && value <= 2);
    inside(loguniform(1e-4, 1e-1), (value) => value >= 1e-4 && value <= 1e-1);
    inside(choice([3, 5, 7]), (value) => [3, 5, 7].includes(value));
  });

  it('refuse ranges that are none', () => {
    for (const wrong of [
      () => randint(2, 2),
      () => randint(0.5, 2),
      () => uniform(1, Number.NaN),
      () => loguniform(0, 1),
      () => choice([]),
    ])
      assert.throws(wrong, { code: 'NBS_TUNE_INVALID_SPACE' });
  });
});

describe('spaces', () => {
  it('are filled in any depth', () => {
    const space = { a: uniform(0, 1), fixed: [1, 2], params: { b: choice(['x']), c: null } };
    const dimensions = dimensionsOf(space);
    assert.deepEqual(
      dimensions.map(({ path }) => path.join('.')),
      ['a', 'params.b'],
    );
    assert.deepEqual(configOf(space, [0.5, 'x']), { a: 0.5, fixed: [1, 2], params: { b: 'x', c: null } });
    assert.deepEqual(merged({ params: { x: 1, y: 2 }, other: 3 }, { params: { y: 4 } }), { params: { x: 1, y: 4 }, other: 3 });
  });
});

describe('searches', () => {
  it('try each combination of grids as often as asked', () => {
    const dimensions = dimensionsOf({ a: gridSearch([1, 2, 3]), b: gridSearch(['x', 'y']), c: uniform(0, 1) });
    const search = new BasicVariantGenerator();
    assert.equal(search.trialsOf(dimensions, 2), 12);
    const pairs = Array.from({ length: 12 }, (_, trial) => search.suggest(trial, dimensions, 0).slice(0, 2).join(''));
    assert.deepEqual(pairs.slice(0, 6), ['1x', '1y', '2x', '2y', '3x', '3y']);
    assert.deepEqual(pairs.slice(6), pairs.slice(0, 6));
  });

  it('give the same values for the same seed, and others for another', () => {
    const dimensions = dimensionsOf({ a: uniform(0, 1), b: loguniform(1e-4, 1) });
    fc.assert(
      fc.property(seeds, fc.nat(1000), (seed, trial) => {
        const search = new BasicVariantGenerator();
        assert.deepEqual(search.suggest(trial, dimensions, seed), search.suggest(trial, dimensions, seed));
        assert.notDeepEqual(search.suggest(trial, dimensions, seed), search.suggest(trial + 1, dimensions, seed));
      }),
    );
  });

  /** The mean over some seeds of the least loss after 60 trials. */
  function leastOf(search: BasicVariantGenerator | TPESearch): number {
    const dimensions = dimensionsOf({ x: uniform(-5, 5), y: loguniform(1e-4, 1e2), kind: choice(['a', 'b', 'c', 'd']) });
    const lossOf = ([x, y, kind]: readonly unknown[]) =>
      ((x as number) - 2) ** 2 + Math.log10(y as number) ** 2 + (kind === 'c' ? 0 : 2);
    let sum = 0;
    for (let seed = 0; seed < 30; seed += 1) {
      const finished: Finished[] = [];
      for (let trial = 0; trial < 60; trial += 1) {
        const values = search.suggest(trial, dimensions, seed, finished);
        finished.push({ values, loss: lossOf(values) });
      }
      sum += Math.min(...finished.map(({ loss }) => loss));
    }
    return sum / 30;
  }

  it('find a lower loss by Parzen estimators than at random', () => {
    const [random, parzen] = [leastOf(new BasicVariantGenerator()), leastOf(new TPESearch())];
    assert.ok(parzen < 0.75 * random, `${parzen} beside ${random}`);
    assert.throws(() => new TPESearch().trialsOf(dimensionsOf({ a: gridSearch([1]) }), 1), { code: 'NBS_TUNE_INVALID_SPACE' });
  });
});

interface Problem {
  readonly space: Record<string, unknown>;
  lossOf(values: readonly unknown[]): number;
}

/** Functions on which searches are usually compared; the least value of each is 0, or near it. */
const FUNCTIONS: Readonly<Record<string, Problem>> = {
  sphere: {
    space: { a: uniform(-5, 5), b: uniform(-5, 5), c: uniform(-5, 5), d: uniform(-5, 5) },
    lossOf: (values: readonly number[]) => values.reduce((sum, x) => sum + (x - 1) ** 2, 0),
  },
  branin: {
    space: { x: uniform(-5, 10), y: uniform(0, 15) },
    lossOf: ([x = 0, y = 0]: readonly number[]) =>
      (y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6) ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10,
  },
  ackley: {
    space: { a: uniform(-5, 5), b: uniform(-5, 5), c: uniform(-5, 5) },
    lossOf: (values: readonly number[]) => {
      const mean = (of: (x: number) => number) => values.reduce((sum, x) => sum + of(x - 1), 0) / values.length;
      return 20 + Math.E - 20 * Math.exp(-0.2 * Math.sqrt(mean((x) => x * x))) - Math.exp(mean((x) => Math.cos(2 * Math.PI * x)));
    },
  },
  'a training': {
    space: {
      rate: loguniform(1e-5, 1),
      layers: randint(1, 9),
      kind: choice(['relu', 'tanh', 'gelu', 'none']),
      decay: loguniform(1e-6, 0.1),
    },
    lossOf: ([rate, layers, kind, decay]: readonly [number, number, string, number]) =>
      0.3 * (Math.log10(rate) + 2.5) ** 2 +
      0.05 * (layers - 4) ** 2 +
      ['gelu', 'relu', 'tanh', 'none'].indexOf(kind) / 4 +
      0.05 * (Math.log10(decay) + 4) ** 2,
  },
};

describe('Parzen estimators beside random search', () => {
  for (const [name, problem] of Object.entries(FUNCTIONS)) {
    it(`find a lower loss of ${name} with most seeds`, () => {
      const dimensions = dimensionsOf(problem.space);
      const least = (search: BasicVariantGenerator | TPESearch, seed: number): number => {
        const finished: Finished[] = [];
        for (let trial = 0; trial < 80; trial += 1) {
          const values = search.suggest(trial, dimensions, seed, finished);
          finished.push({ values, loss: problem.lossOf(values) });
        }
        return Math.min(...finished.map(({ loss }) => loss));
      };
      const wins = Array.from({ length: 20 }, (_, seed) => seed).filter(
        (seed) => least(new TPESearch(), seed) < least(new BasicVariantGenerator(), seed),
      );
      // By chance, 15 of 20 would be as good in one of fifty runs.
      assert.ok(wins.length >= 15, `${wins.length} of 20 seeds`);
    });
  }
});

it('a middle value is as narrow as its neighbours: the search comes back to a good one', () => {
  const dimensions = dimensionsOf({ n: randint(0, 5) });
  // 2 is good, and its neighbours are not.
  const finished = Array.from({ length: 100 }, (_, i) =>
    i < 10 ? { values: [2], loss: 0 } : { values: [1 + 2 * (i % 2)], loss: 1 },
  );
  const drawn = Array.from({ length: 50 }, (_, trial) => new TPESearch().suggest(trial, dimensions, 3, finished)[0]);
  assert.ok(drawn.filter((value) => value === 2).length >= 45, drawn.join());
});

describe('schedulers', () => {
  it('successive halving lets the best share of a rung go on', () => {
    const scheduler = new ASHAScheduler({ maxT: 16, reductionFactor: 4 });
    const ask = (trial: number, iteration: number, loss: number) => scheduler.onReport({ trial, iteration, loss });
    assert.deepEqual(
      [5, 4, 6, 3].map((loss, trial) => ask(trial, 1, loss)),
      [true, true, false, true],
    );
    assert.equal(ask(4, 1, Number.NaN), false);
    assert.equal(ask(3, 2, 100), true, 'there is no rung at 2');
    assert.equal(ask(3, 4, 3), true);
    assert.equal(ask(1, 4, 4), false);
    assert.equal(ask(3, 16, 0), false, 'that was the last report');
  });

  it('the median rule ends a trial that is worse than half of the others were', () => {
    const scheduler = new MedianStoppingRule({ gracePeriod: 1, minSamplesRequired: 3 });
    const ask = (trial: number, iteration: number, loss: number) => scheduler.onReport({ trial, iteration, loss });
    for (const trial of [0, 1, 2]) for (const iteration of [1, 2]) assert.equal(ask(trial, iteration, trial), true);
    assert.equal(ask(3, 1, 9), true, 'the grace period');
    assert.equal(ask(3, 2, 9), false);
    assert.equal(ask(4, 1, 9), true);
    assert.equal(ask(4, 2, 0.5), true);
    // Losses that are NaN count for nobody.
    for (const trial of [5, 6, 7, 8]) for (const iteration of [1, 2]) ask(trial, iteration, Number.NaN);
    assert.equal(ask(9, 1, Number.NaN), true);
    assert.equal(ask(9, 2, 0.5), true);
    assert.equal(ask(10, 1, 9), true);
    assert.equal(ask(10, 2, 9), false);
    assert.equal(ask(11, 1, Number.NaN), true);
    assert.equal(ask(11, 2, Number.NaN), false);
  });

  it('forget an earlier search when another one begins', () => {
    const scheduler = new ASHAScheduler({ maxT: 4, reductionFactor: 2 });
    const losses = () => [1, 2, 3].map((loss, trial) => scheduler.onReport({ trial, iteration: 1, loss }));
    scheduler.begin();
    const first = losses();
    assert.deepEqual(first, [true, false, false]);
    scheduler.begin();
    assert.deepEqual(losses(), first);
  });

  it('refuse options that make no sense', () => {
    for (const wrong of [
      () => new ASHAScheduler({ gracePeriod: 0 }),
      () => new ASHAScheduler({ reductionFactor: 1 }),
      () => new ASHAScheduler({ maxT: Number.NaN }),
      () => new MedianStoppingRule({ minSamplesRequired: 0 }),
      () => new TPESearch({ nCandidates: 0 }),
      () => new TPESearch({ gamma: 2 }),
    ])
      assert.throws(wrong, { code: 'NBS_INVALID_OPTION' });
    assert.throws(() => new ASHAScheduler({ grace_period: 1 } as never), { code: 'NBS_UNKNOWN_OPTION' });
  });
});
