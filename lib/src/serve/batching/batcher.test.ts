import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HandClock } from '../../core/hand-clock.test-support.js';
import { BatchPlaces } from './batch-places.js';
import { Batcher, type BatchPlace } from './batcher.js';

interface Begun {
  readonly at: number;
  readonly items: readonly number[];
  readonly place: BatchPlace;
}

function recorder(settings: { maxBatchSize: number; batchWaitTimeoutMs: number; maxConcurrentBatches: number }) {
  const clock = new HandClock();
  const begun: Begun[] = [];
  const batcher = new Batcher<number>({
    settings,
    clock,
    run: (items, place) => begun.push({ at: clock.now(), items, place }),
  });
  return { clock, begun, batcher };
}

const settings = fc.record({
  maxBatchSize: fc.integer({ min: 1, max: 8 }),
  batchWaitTimeoutMs: fc.nat(20),
  maxConcurrentBatches: fc.integer({ min: 1, max: 3 }),
});

const event = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(30) }),
  fc.record({ kind: fc.constant('end' as const), which: fc.nat(5) }),
  fc.record({ kind: fc.constant('configure' as const), settings }),
);

test('whatever happens, items keep their order, none is lost, and no batch or number of batches is too large', () => {
  fc.assert(
    fc.property(settings, fc.array(event, { maxLength: 40 }), (first, events) => {
      const { clock, begun, batcher } = recorder(first);
      let now = first;
      let added = 0;
      let seen = 0;
      const running: Begun[] = [];
      const look = (): void => {
        for (; seen < begun.length; seen += 1) {
          const batch = begun[seen] as Begun;
          assert.ok(batch.items.length >= 1 && batch.items.length <= now.maxBatchSize);
          running.push(batch);
          assert.ok(running.length <= now.maxConcurrentBatches, 'too many at once');
        }
      };
      for (const each of events) {
        if (each.kind === 'add') batcher.add(Array.from({ length: each.count }, () => added++));
        else if (each.kind === 'wait') clock.advance(each.ms);
        else if (each.kind === 'configure') {
          // A lower number takes effect from the next batch on.
          now = { ...each.settings, maxConcurrentBatches: Math.max(each.settings.maxConcurrentBatches, running.length) };
          batcher.settings = now;
        } else {
          const [ended] = running.splice(each.which % Math.max(1, running.length), 1);
          ended?.place.release();
        }
        look();
      }
      while (running.length > 0 || clock.isPending) {
        running.shift()?.place.release();
        look();
        clock.advance(30);
        look();
      }
      const order = begun.flatMap(({ items }) => items);
      assert.deepEqual(
        order,
        Array.from({ length: added }, (_, i) => i),
      );
    }),
  );
});

test('if there is a place, no item waits for longer than the timeout; if there is none, the first to be free takes what has waited', () => {
  const arrivals = fc.array(fc.record({ pauseMs: fc.nat(15), count: fc.integer({ min: 1, max: 6 }) }), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(settings, arrivals, fc.nat(30), (given, events, workMs) => {
      const clock = new HandClock();
      const since: number[] = [];
      let running = 0;
      /** Time since which there has been a free place without interruption. */
      let freeSince = 0;
      const batcher = new Batcher<number>({
        settings: given,
        clock,
        run: (items, place) => {
          const now = clock.now();
          const first = since[items[0] as number] as number;
          const due = Math.max(first + given.batchWaitTimeoutMs, freeSince);
          assert.ok(now <= due, `an item waited until ${now}, it was due at ${due}`);
          if (items.length < given.maxBatchSize)
            assert.ok(now >= first + given.batchWaitTimeoutMs, 'too early for a batch that is not full');
          running += 1;
          clock.after(workMs, () => {
            if (running === given.maxConcurrentBatches) freeSince = clock.now();
            running -= 1;
            place.release();
          });
        },
      });
      for (const { pauseMs, count } of events) {
        clock.advance(pauseMs);
        const items = Array.from({ length: count }, () => since.push(clock.now()) - 1);
        batcher.add(items);
      }
      clock.advance(10_000);
      assert.equal(running, 0);
      assert.equal(clock.isPending, false);
    }),
  );
});

test('a batch starts when it is full, or when its first item has waited long enough', () => {
  const { clock, begun, batcher } = recorder({ maxBatchSize: 3, batchWaitTimeoutMs: 10, maxConcurrentBatches: 9 });
  batcher.add([1]);
  clock.advance(6);
  batcher.add([2]);
  clock.advance(3);
  assert.equal(begun.length, 0);
  clock.advance(1);
  assert.deepEqual(begun[0]?.items, [1, 2]);
  batcher.add([3, 4, 5, 6]);
  assert.deepEqual(begun[1]?.items, [3, 4, 5], 'at once');
  clock.advance(9);
  assert.equal(begun.length, 2);
  clock.advance(1);
  assert.deepEqual(begun[2]?.items, [6]);
});

test('without a wait, what comes in one tick is one batch', () => {
  const { clock, begun, batcher } = recorder({ maxBatchSize: 8, batchWaitTimeoutMs: 0, maxConcurrentBatches: 1 });
  batcher.add([1]);
  batcher.add([2]);
  assert.equal(begun.length, 0);
  clock.advance(0);
  assert.deepEqual(begun[0]?.items, [1, 2]);
});

test('while a batch is worked on the next one fills up, and starts as soon as that ends', () => {
  const { clock, begun, batcher } = recorder({ maxBatchSize: 4, batchWaitTimeoutMs: 10, maxConcurrentBatches: 1 });
  batcher.add([1, 2, 3, 4]);
  batcher.add([5]);
  clock.advance(50);
  batcher.add([6]);
  assert.equal(begun.length, 1);
  begun[0]?.place.release();
  clock.advance(0);
  assert.deepEqual(begun[1]?.items, [5, 6], 'it had waited long enough');
});

test('sizes can change while items wait; withdrawn items are left out', () => {
  const { clock, begun, batcher } = recorder({ maxBatchSize: 100, batchWaitTimeoutMs: 1000, maxConcurrentBatches: 9 });
  batcher.add([1, 2, 3, 4, 5]);
  batcher.withdraw([2]);
  batcher.settings = { maxBatchSize: 3, batchWaitTimeoutMs: 5, maxConcurrentBatches: 9 };
  clock.advance(5);
  assert.deepEqual(
    begun.map(({ items }) => items),
    [[1, 3, 4], [5]],
  );
  assert.equal(clock.isPending, false, 'a timer is left');
});

test('items are withdrawn at a cost that does not depend on how many wait, and leave nothing behind', () => {
  const count = 200_000;
  const { clock, begun, batcher } = recorder({ maxBatchSize: 2 * count, batchWaitTimeoutMs: 10, maxConcurrentBatches: 1 });
  // The last ones first, so that none is at the front of the queue.
  batcher.add(Array.from({ length: count }, (_, i) => i));
  for (let item = count - 1; item > 0; item -= 1) batcher.withdraw([item]);
  batcher.withdraw([1, count, -1]);
  batcher.add([count]);
  clock.advance(10);
  assert.deepEqual(
    begun.map(({ items }) => items),
    [[0, count]],
  );
  batcher.withdraw([0]);
  assert.equal(clock.isPending, false, 'a timer is left');
});

test('batchers that share places take turns, and keep to the limit of all together', () => {
  const clock = new HandClock();
  const places = new BatchPlaces(1);
  const begun: { readonly by: string; readonly items: readonly number[]; readonly place: BatchPlace }[] = [];
  const idle: string[] = [];
  const given = { maxBatchSize: 2, batchWaitTimeoutMs: 10, maxConcurrentBatches: 1 };
  const [a, b, c] = ['a', 'b', 'c'].map(
    (by) =>
      new Batcher<number>({
        settings: given,
        clock,
        places,
        run: (items, place) => begun.push({ by, items, place }),
        onIdle: () => idle.push(by),
      }),
  );
  a?.add([1, 2, 3, 4, 5]);
  b?.add([1, 2, 3]);
  c?.add([1]);
  clock.advance(50);
  for (let at = 0; at < begun.length; at += 1) {
    assert.equal(begun.length, at + 1, 'one at a time');
    begun[at]?.place.release();
    clock.advance(0);
    clock.advance(1);
  }
  assert.deepEqual(
    begun.map(({ by, items }) => `${by}${items.join('')}`),
    ['a12', 'a34', 'b12', 'c1', 'a5', 'b3'],
  );
  assert.deepEqual(new Set(idle), new Set(['a', 'b', 'c']));
  // A batcher from which nothing waits any more gets no turn.
  a?.add([6, 7]);
  b?.add([8]);
  idle.length = 0;
  b?.withdraw([8]);
  assert.deepEqual(idle, ['b']);
  begun.at(-1)?.place.release();
  assert.deepEqual(idle, ['b', 'a']);
});

test('a batcher with one item gets its turn beside one that always has a full batch', () => {
  const clock = new HandClock();
  const places = new BatchPlaces(1);
  const begun: { readonly by: string; readonly place: BatchPlace }[] = [];
  const settings = { maxBatchSize: 2, batchWaitTimeoutMs: 10, maxConcurrentBatches: 1 };
  const [busy, calm] = ['busy', 'calm'].map(
    (by) => new Batcher<object>({ settings, clock, places, run: (_, place) => begun.push({ by, place }) }),
  );
  const refill = (): void => busy?.add(Array.from({ length: 4 }, () => ({})));
  refill();
  calm?.add([{}]);
  clock.advance(50);
  for (let releases = 0; releases < 2; releases += 1) {
    refill();
    begun.at(-1)?.place.release();
    clock.advance(0);
  }
  assert.deepEqual(
    begun.map(({ by }) => by),
    ['busy', 'busy', 'calm'],
  );
});
