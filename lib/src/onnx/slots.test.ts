import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slots } from './slots.js';

test('work waits for a place, in its order, and one that leaves the queue gets none', async () => {
  const slots = new Slots(1);
  assert.ok(slots.tryTake());
  assert.ok(!slots.tryTake());
  const begun: string[] = [];
  slots.wait(() => begun.push('a'));
  const leave = slots.wait(() => begun.push('b'));
  slots.wait(() => begun.push('c'));
  leave();
  slots.give();
  slots.give();
  assert.deepEqual(begun, ['a', 'c']);
  slots.give();
  assert.ok(slots.tryTake());
});

test('a failure gives the place back', async () => {
  const slots = new Slots(1);
  await assert.rejects(
    slots.within(() => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(await slots.within(async () => 'yes'), 'yes');
});

test('work that is ended while it waits takes no place, and work that has one keeps it', async () => {
  const slots = new Slots(1);
  const [first, ended] = [new AbortController(), new AbortController()];
  let free = (): void => {};
  const running = slots.within(() => new Promise<string>((resolve) => (free = () => resolve('ran'))), first.signal);
  const waiting = slots.within(async () => 'never', ended.signal);
  const next = slots.within(async () => 'next');
  ended.abort(new Error('ended'));
  await assert.rejects(waiting, /ended/);
  free();
  first.abort();
  assert.deepEqual(await Promise.all([running, next]), ['ran', 'next']);
});
