import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HandClock } from '../../core/hand-clock.test-support.js';
import { hasCode, isNbserveError } from '../../core/index.js';
import { enterRequest, getMultiplexedModelId } from '../context/index.js';
import { batch, createBatch } from './batch.js';
import { BatchCall, BatchLength, NotBatched } from './errors.js';

const clock = new HandClock();
const fake = createBatch(clock);
const coded = (definition: { code: string }) => (error: unknown) => hasCode(error, definition);

class Doubler {
  readonly batches: number[][] = [];
  constructor(readonly factor = 2) {}

  @fake({ maxBatchSize: 4, batchWaitTimeout: 10, maxConcurrentBatches: 100 })
  async double(items: number[]): Promise<number[]> {
    this.batches.push(items);
    return items.map((item) => item * this.factor);
  }
}

test('concurrent calls are joined, cut, and split back in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(fc.integer(), { maxLength: 11 }), { maxLength: 12 }), async (calls) => {
      const model = new Doubler();
      const answers = Promise.all(calls.map((items) => model.double(items)));
      clock.advance(10);
      assert.deepEqual(
        await answers,
        calls.map((items) => items.map((item) => item * 2)),
      );
      assert.deepEqual(model.batches.flat(), calls.flat());
      assert.ok(model.batches.every(({ length }) => length >= 1 && length <= 4));
      const full = model.batches.filter(({ length }) => length === 4).length;
      assert.equal(full, Math.floor(calls.flat().length / 4), 'batches are not filled');
    }),
  );
});

test('each instance has batches and a `this` of its own, and so has each method', async () => {
  class Two {
    sizes: string[] = [];
    @fake({ batchWaitTimeout: 0 })
    async a(items: number[]): Promise<number[]> {
      this.sizes.push(`a${items.length}`);
      return items;
    }
    @fake({ batchWaitTimeout: 0 })
    async b(items: number[]): Promise<number[]> {
      this.sizes.push(`b${items.length}`);
      return items;
    }
  }
  const [one, two] = [new Two(), new Two()];
  const all = Promise.all([one.a([1]), two.a([2]), one.b([3]), one.a([4])]);
  clock.advance(0);
  assert.deepEqual(await all, [[1], [2], [3], [4]]);
  assert.deepEqual(one.sizes, ['a2', 'b1']);
  assert.deepEqual(two.sizes, ['a1']);
});

class Fragile {
  @fake({ maxBatchSize: 4, batchWaitTimeout: 10 })
  async run(items: number[]): Promise<number[]> {
    if (items.includes(666)) throw new RangeError('bad batch');
    if (items.includes(13)) return items.slice(1);
    return items.map((item) => {
      if (item < 0) return fake.error(new TypeError(`${item} is negative`));
      return item;
    });
  }

  @fake()
  async mixed(items: number[]): Promise<(number | Error)[]> {
    const failure = new Error('the same for all');
    return items.map((item) => (item < 0 ? failure : item));
  }
}

test('an item that fails fails its own call only', async () => {
  const model = new Fragile();
  const answers = Promise.allSettled([model.run([1]), model.run([-2]), model.run([3, -4])]);
  clock.advance(10);
  const [one, two, three] = await answers;
  assert.deepEqual(one, { status: 'fulfilled', value: [1] });
  assert.match(String((two as PromiseRejectedResult).reason), /TypeError: -2 is negative/);
  assert.match(String((three as PromiseRejectedResult).reason), /-4 is negative/);
});

test('what is thrown fails all calls of the batch, each with an error of its own', async () => {
  const model = new Fragile();
  const answers = Promise.allSettled([model.run([1]), model.run([666]), model.run([3]), model.run([4]), model.run([5])]);
  clock.advance(10);
  await new Promise(setImmediate);
  clock.advance(10);
  const settled = await answers;
  const reasons = settled.slice(0, 4).map((each) => (each as PromiseRejectedResult).reason as Error);
  assert.equal(new Set(reasons).size, 4);
  for (const reason of reasons) {
    assert.ok(reason instanceof RangeError);
    assert.equal(reason.message, 'bad batch');
    assert.match(reason.stack ?? '', /Fragile\.run/);
    assert.equal(structuredClone(reason).message, 'bad batch', 'it is no error to structuredClone');
  }
  assert.deepEqual(settled[4], { status: 'fulfilled', value: [5] });

  const same = Promise.allSettled([model.mixed([-1]), model.mixed([-2]), model.mixed([3])]);
  clock.advance(10);
  const [a, b, c] = await same;
  assert.notEqual((a as PromiseRejectedResult).reason, (b as PromiseRejectedResult).reason);
  assert.deepEqual((c as PromiseFulfilledResult<number[]>).value, [3]);
});

test('a list of the wrong length is told with both lengths, by code', async () => {
  const model = new Fragile();
  const answers = Promise.allSettled([model.run([13]), model.run([1])]);
  clock.advance(10);
  for (const each of await answers) {
    const { reason } = each as PromiseRejectedResult;
    assert.ok(hasCode(reason, BatchLength));
    assert.match(reason.message, /Fragile\.run got a batch of 2 items and gave a list of 1/);
  }
});

test('a call that failed is not worked on any further', async () => {
  const seen: number[] = [];
  class Once {
    @fake({ maxBatchSize: 2, batchWaitTimeout: 10 })
    async run(items: number[]): Promise<number[]> {
      seen.push(...items);
      throw new Error('no');
    }
  }
  await assert.rejects(new Once().run([1, 2, 3, 4, 5, 6]), /no/);
  clock.advance(100);
  assert.deepEqual(seen, [1, 2]);
});

test('wrong calls and options are told', async () => {
  const model = new Doubler();
  assert.deepEqual(await model.double([]), []);
  await assert.rejects(model.double(3 as never), coded(BatchCall));
  await assert.rejects((model.double as (...args: unknown[]) => Promise<unknown>).call(model, [1], 2), coded(BatchCall));
  const { double } = model;
  assert.throws(() => double.call(undefined as never, [1]), coded(BatchCall));
  assert.throws(() => fake({ maxBatchSize: 0 }), isNbserveError);
  assert.throws(() => fake({ size: 3 } as never), isNbserveError);
  assert.throws(() => fake({ batchWaitTimeout: 'soon' as never }), isNbserveError);
  assert.throws(() => fake.configure(model, 'tripel', { maxBatchSize: 3 }), /those that are: double/);
  assert.throws(() => fake.configure({}, 'double', {}), coded(NotBatched));
});

test('sizes can be changed at run time, of one instance', async () => {
  const [changed, other] = [new Doubler(), new Doubler()];
  fake.configure(changed, 'double', { maxBatchSize: 2 });
  const items = [1, 2, 3, 4, 5];
  const all = Promise.all([changed.double(items), other.double(items)]);
  clock.advance(10);
  await all;
  assert.deepEqual(changed.batches, [[1, 2], [3, 4], [5]]);
  assert.deepEqual(other.batches, [[1, 2, 3, 4], [5]]);
  fake.configure(changed, 'double', { batchWaitTimeout: 500 });
  const waiting = changed.double([7]);
  clock.advance(499);
  assert.equal(changed.batches.length, 3);
  clock.advance(1);
  assert.deepEqual(await waiting, [14], 'what was configured before stays');
});

test('private methods and classes that inherit are batched as well', async () => {
  class Base {
    @fake({ batchWaitTimeout: 0 })
    async run(items: number[]): Promise<string[]> {
      return items.map((item) => `base${item}`);
    }
  }
  class Derived extends Base {
    @fake({ batchWaitTimeout: 0 })
    override async run(items: number[]): Promise<string[]> {
      return (await super.run(items)).map((text) => `derived ${text}`);
    }
    @fake({ batchWaitTimeout: 0 })
    async #hidden(items: number[]): Promise<number[]> {
      return items.map(() => items.length);
    }
    size(item: number): Promise<number[]> {
      return this.#hidden([item]);
    }
  }
  const model = new Derived();
  const both = Promise.all([model.run([1]), model.run([2]), model.size(1), model.size(2)]);
  clock.advance(0);
  await new Promise(setImmediate);
  clock.advance(0);
  assert.deepEqual(await both, [['derived base1'], ['derived base2'], [2], [2]]);
});

test('requests for different models are not put into one batch', async () => {
  const seen: string[] = [];
  class Many {
    @fake({ batchWaitTimeout: 10, maxConcurrentBatches: 3 })
    async run(items: number[]): Promise<number[]> {
      seen.push(`${getMultiplexedModelId()}: ${items}`);
      await null;
      seen.push(getMultiplexedModelId());
      return items;
    }
  }
  const model = new Many();
  const all: Promise<number[]>[] = [];
  ['a', 'b', 'a', ''].forEach((id, i) => {
    enterRequest(id, null, '', () => all.push(model.run([i])));
  });
  clock.advance(10);
  await Promise.all(all);
  assert.deepEqual(seen, ['a: 0,2', 'b: 1', ': 3', 'a', 'b', '']);
});

test('the batches for different models count together', async () => {
  let running = 0;
  let most = 0;
  class Many {
    @batch({ batchWaitTimeout: 0 })
    async run(items: number[]): Promise<number[]> {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return items;
    }
  }
  const model = new Many();
  const all: Promise<number[]>[] = [];
  ['a', 'b', 'c', 'a', ''].forEach((id, i) => {
    enterRequest(id, null, '', () => all.push(model.run([i])));
  });
  assert.deepEqual(await Promise.all(all), [[0], [1], [2], [3], [4]]);
  assert.equal(most, 1);
});

test('on real time, a batch waits neither for ever nor for nothing', async () => {
  class Real {
    sizes: number[] = [];
    @batch({ maxBatchSize: 3, batchWaitTimeout: '5ms' })
    async run(items: string[]): Promise<string[]> {
      this.sizes.push(items.length);
      return items.map((item) => item.toUpperCase());
    }
  }
  const model = new Real();
  assert.deepEqual(await Promise.all(['a', 'b', 'c', 'd'].map((item) => model.run([item]))), [['A'], ['B'], ['C'], ['D']]);
  assert.deepEqual(model.sizes, [3, 1]);
});
