import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlaceChoice } from './place-choice.js';

/** A choice after `count` runs of this length. */
function after(count: number, ms: number, choice = new PlaceChoice()): PlaceChoice {
  for (let i = 0; i < count; i += 1) choice.ended(choice.next([100]), [100], ms);
  return choice;
}

test('the first runs are made beside the loop, and short ones then in it', () => {
  assert.equal(new PlaceChoice().next([100]), 'beside');
  assert.equal(after(7, 0.1).next([100]), 'beside');
  assert.equal(after(8, 0.1).next([100]), 'loop');
  assert.equal(after(1000, 0.4).next([100]), 'beside');
});

test('one short run among eight is enough for a trial, because others may have waited for the machine', () => {
  const choice = after(3, 2);
  choice.ended('beside', [100], 0.2);
  assert.equal(after(3, 2, choice).next([100]), 'beside');
  assert.equal(after(1, 2, choice).next([100]), 'loop');
});

test('larger inputs than before go beside the loop', () => {
  const choice = after(8, 0.1);
  assert.equal(choice.next([101]), 'beside');
  choice.ended('beside', [101], 0.1);
  assert.equal(choice.next([101]), 'loop');
});

test('inputs that are larger in one dimension go beside the loop, although they have as many elements', () => {
  const choice = new PlaceChoice();
  const measure = (...sizes: number[]): void => choice.ended(choice.next(sizes), sizes, 0.1);
  for (let i = 0; i < 8; i += 1) measure(1, 8000);
  assert.equal(choice.next([1, 7000]), 'loop');
  assert.equal(choice.next([8000, 1]), 'beside');
  measure(8000, 1);
  assert.equal(choice.next([8000, 1]), 'loop');
  assert.equal(choice.next([1, 8000]), 'loop');
  assert.equal(choice.next([89, 89]), 'beside');
  assert.equal(choice.next([8000, 1, 1]), 'beside');
  for (let i = 2; i < 100; i += 1) measure(i, 8000 - i);
  assert.equal(choice.next([99, 7901]), 'loop');
  assert.equal(choice.next([1, 8000]), 'beside');
});

test('as many different sizes as a server has are known', () => {
  const choice = new PlaceChoice();
  const all = Array.from({ length: 40 }, (_, i) => [i + 1, 40 - i]);
  for (const sizes of all) choice.ended(choice.next(sizes), sizes, 0.1);
  for (const sizes of all) assert.equal(choice.next(sizes), 'loop');
});

test('one run in the loop that is interrupted changes nothing; two long ones in a row, or a very long one, do', () => {
  const choice = after(8, 0.1);
  choice.ended('loop', [100], 3);
  choice.ended('loop', [100], 0.1);
  choice.ended('loop', [100], 3);
  assert.equal(choice.next([100]), 'loop');
  choice.ended('loop', [100], 3);
  assert.equal(choice.next([100]), 'beside');
  const other = after(8, 0.1);
  other.ended('loop', [100], 20);
  assert.equal(other.next([100]), 'beside');
});

test('each return to the loop takes twice as many runs', () => {
  const choice = after(8, 0.1);
  choice.ended('loop', [100], 20);
  assert.equal(after(15, 0.1, choice).next([100]), 'beside');
  assert.equal(after(1, 0.1, choice).next([100]), 'loop');
});
