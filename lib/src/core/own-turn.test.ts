import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { expectInterrupts, inOwnTurn } from './own-turn.js';

test('work begins at once if nothing interrupts', () => {
  let begun = false;
  void inOwnTurn(async () => {
    begun = true;
  });
  assert.ok(begun);
});

test('work begins after the turn of its caller with all its microtasks, in the order of the calls and in the context of each', async () => {
  const cell = new AsyncLocalStorage<string>();
  expectInterrupts();
  const begun: (string | undefined)[] = [];
  const work = async (): Promise<string | undefined> => {
    begun.push(cell.getStore());
    return cell.getStore();
  };
  const all = ['a', 'b'].map((name) => cell.run(name, () => inOwnTurn(work)));
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  assert.deepEqual(begun, []);
  assert.deepEqual(await Promise.all(all), ['a', 'b']);
  assert.deepEqual(begun, ['a', 'b']);
  const failed = inOwnTurn(async () => {
    throw new Error('no');
  });
  await assert.rejects(failed, /^Error: no$/);
});
