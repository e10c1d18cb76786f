import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Journal } from './journal.js';

test('a reader gets every entry once, in order', async () => {
  const journal = new Journal<number>(1e6);
  for (let i = 1; i <= 2500; i += 1) journal.append(i, 10);
  journal.end();
  const seen: number[] = [];
  let after = 0;
  for (;;) {
    const batch = await journal.next(after);
    seen.push(...batch.entries);
    after = batch.last;
    if (batch.ended) break;
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 2500 }, (_, i) => i + 1),
  );
});

test('a reader waits for the next entry, and for one that it wants', async () => {
  const journal = new Journal<number>(1e6);
  const even = journal.next(0, (value) => value % 2 === 0);
  journal.append(1, 1);
  journal.append(2, 1);
  assert.deepEqual(await even, { entries: [2], last: 2, missed: 0, ended: false });
});

test('above its limit, it drops the oldest entries and says how many', () => {
  const journal = new Journal<number>(1000);
  for (let i = 1; i <= 5000; i += 1) journal.append(i, 10);
  const batch = journal.read(0);
  assert.equal(batch.missed, 4900);
  assert.deepEqual(
    batch.entries,
    Array.from({ length: 100 }, (_, i) => 4901 + i),
  );
  assert.equal(journal.read(5000).missed, 0);
});

test('an entry above the limit is still returned', () => {
  const journal = new Journal<string>(10);
  journal.append('long', 100);
  assert.deepEqual(journal.read(0).entries, ['long']);
});

test('a wait ends when it is over', async () => {
  const journal = new Journal<number>(1000);
  let over = false;
  const batch = journal.next(0, undefined, () => over);
  over = true;
  journal.poke();
  assert.equal((await batch).ended, true);
});
