import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HandClock } from '../../core/hand-clock.test-support.js';
import { hasCode } from '../../core/index.js';
import { batch, createBatch } from './batch.js';
import { BatchLength } from './errors.js';
import { LISTS_AHEAD } from './stream-batch.js';

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of stream) all.push(each);
  return all;
}

/** Each item is the number of tokens in its stream. */
class Tokens {
  readonly batches: number[][] = [];
  returned = 0;
  made = 0;

  @batch({ maxBatchSize: 4, batchWaitTimeout: 0 })
  async *generate(counts: number[]): AsyncGenerator<(string | undefined)[]> {
    this.batches.push(counts);
    try {
      for (let n = 0; n < Math.max(...counts); n += 1) {
        this.made += 1;
        yield counts.map((count) => {
          if (count === 13 && n === 1) return batch.error(new Error('unlucky'));
          if (n > count) return undefined;
          return n === count ? batch.end : `${count}:${n}`;
        });
      }
    } finally {
      this.returned += 1;
    }
  }
}

const expected = (count: number) => Array.from({ length: count }, (_, n) => `${count}:${n}`);

test('each call is given the entries of its own items, in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 7 }), { maxLength: 6 }), async (calls) => {
      const model = new Tokens();
      const streams = await Promise.all(calls.map((counts) => collect(model.generate(counts))));
      streams.forEach((lists, at) => {
        const counts = calls[at] ?? [];
        assert.ok(lists.every(({ length }) => length === counts.length));
        counts.forEach((count, i) => {
          const own = lists.map((list) => list[i]).filter((entry) => entry !== undefined);
          assert.deepEqual(own, expected(count));
        });
      });
      assert.ok(model.batches.every(({ length }) => length >= 1 && length <= 4));
      assert.deepEqual(model.batches.flat(), calls.flat());
      assert.equal(model.returned, model.batches.length);
    }),
    { numRuns: 50 },
  );
});

test('a stream ends with its own item, and fails with its own item', async () => {
  const model = new Tokens();
  const order: string[] = [];
  const read = async (count: number): Promise<string> => {
    try {
      return (await collect(model.generate([count]))).flat().join(' ');
    } catch (error) {
      return (error as Error).message;
    } finally {
      order.push(String(count));
    }
  };
  assert.deepEqual(await Promise.all([read(14), read(2), read(13)]), [expected(14).join(' '), expected(2).join(' '), 'unlucky']);
  assert.equal(order.at(-1), '14');
  assert.deepEqual(model.batches, [[14, 2, 13]]);
});

test('nothing begins before the first next(), and the generator is returned when all readers have left', async () => {
  const model = new Tokens();
  const unread = model.generate([5]);
  const [a, b] = [model.generate([1e9]), model.generate([1e9])];
  await Promise.all([a.next(), b.next()]);
  assert.deepEqual(model.batches, [[1e9, 1e9]]);
  await a.return(undefined);
  assert.equal(model.returned, 0);
  assert.equal((await b.next()).done, false);
  await b.return(undefined);
  while (model.returned === 0) await new Promise(setImmediate);
  await unread.return(undefined);
  assert.equal(model.batches.length, 1);
});

test('it runs ahead so far, then rests, and holds nobody up', async () => {
  const model = new Tokens();
  const stalled = model.generate([1e9]);
  await stalled.next();
  while (model.made < LISTS_AHEAD + 1) await new Promise(setImmediate);
  assert.deepEqual((await collect(model.generate([3]))).flat(), expected(3), 'one batch at a time, but this one rests');
  assert.equal(model.made, LISTS_AHEAD + 1 + 3);
  for (let i = 0; i < 40; i += 1) assert.deepEqual((await stalled.next()).value, [`1000000000:${i + 1}`]);
  await stalled.return(undefined);
  while (model.returned < 2) await new Promise(setImmediate);
});

test('calls that come while a batch rests stay in one batch when it ends', async () => {
  const clock = new HandClock();
  const fake = createBatch(clock);
  class Pairs {
    readonly batches: number[][] = [];
    made = 0;
    @fake({ maxBatchSize: 2, batchWaitTimeout: 1000 })
    async *generate(counts: number[]): AsyncGenerator<(string | undefined)[]> {
      this.batches.push(counts);
      for (let n = 0; ; n += 1) {
        this.made += 1;
        yield counts.map((count) => (n >= count ? batch.end : `${count}:${n}`));
        if (n >= Math.max(...counts)) return;
      }
    }
  }
  const model = new Pairs();
  const resting = model.generate([1e9, 1e9]);
  await resting.next();
  while (model.made < LISTS_AHEAD + 1) await new Promise(setImmediate);
  const first = collect(model.generate([1]));
  await resting.return(undefined);
  // The batch goes on, finds no reader, and ends.
  for (let i = 0; i < 3; i += 1) await new Promise(setImmediate);
  const second = collect(model.generate([2]));
  for (let i = 0; i < 3; i += 1) await new Promise(setImmediate);
  clock.advance(1000);
  assert.deepEqual([(await first).flat(), (await second).flat()], [expected(1), expected(2)]);
  assert.deepEqual(model.batches, [
    [1e9, 1e9],
    [1, 2],
  ]);
});

test('a throw and a wrong length fail all that read, after what had come', async () => {
  class Bad {
    @batch({ batchWaitTimeout: 0 })
    async *short(items: number[]): AsyncGenerator<number[]> {
      yield items;
      yield items.slice(1);
    }
    @batch({ batchWaitTimeout: 0 })
    async *throws(items: number[]): AsyncGenerator<number[]> {
      yield items;
      throw new RangeError('broken');
    }
  }
  const model = new Bad();
  const read = async (stream: AsyncIterable<number[]>) => {
    const seen: unknown[] = [];
    try {
      for await (const list of stream) seen.push(...list);
    } catch (error) {
      seen.push(error);
    }
    return seen;
  };
  const [one, two] = await Promise.all([read(model.short([1])), read(model.short([2]))]);
  assert.equal(one?.[0], 1);
  assert.ok(hasCode(one?.[1], BatchLength) && hasCode(two?.[1], BatchLength));
  assert.match(String(one?.[1]), /a batch of 2 items and gave a list of 1/);
  const [three, four] = await Promise.all([read(model.throws([3])), read(model.throws([4]))]);
  assert.ok(three?.[1] instanceof RangeError && four?.[1] instanceof RangeError);
  assert.notEqual(three[1], four[1]);
});
