import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deferred } from './deferred.js';
import { InTurn } from './in-turn.js';

test('work is done in the order of the calls, and a failure does not keep the next from running', async () => {
  const turn = new InTurn();
  const done: number[] = [];
  const first = deferred<void>();
  const all = [
    turn.run(async () => {
      await first.promise;
      done.push(1);
      return 'one';
    }),
    turn.run(() => {
      done.push(2);
      throw new Error('two');
    }),
    turn.run(() => done.push(3)),
  ];
  const ended = turn.ended();
  assert.deepEqual(done, []);
  first.resolve();
  const results = await Promise.allSettled(all);
  assert.deepEqual(
    results.map((each) => (each.status === 'fulfilled' ? each.value : (each.reason as Error).message)),
    ['one', 'two', 3],
  );
  assert.deepEqual(done, [1, 2, 3]);
  await ended;
  await turn.ended();
});

test('work begins at once if there is none, so that no microtask which an interrupt could drop is between', async () => {
  const turn = new InTurn();
  const begun: number[] = [];
  const first = turn.run(() => begun.push(1));
  assert.deepEqual(begun, [1]);
  await first;
  const second = turn.run(() => begun.push(2));
  assert.deepEqual(begun, [1, 2]);
  await second;
});
