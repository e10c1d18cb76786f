import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giveBodyMemory, takeBodyMemory } from './body-memory.js';

test('memory that was given back is used again, by one body at a time', () => {
  const first = takeBodyMemory(1000);
  assert.equal(first.length, 1000);
  giveBodyMemory(first);
  assert.equal(takeBodyMemory(900), first);
  assert.notEqual(takeBodyMemory(900), first);
});

test('what is too small is not used, and the largest pieces are kept', () => {
  const [small, middle, large] = [takeBodyMemory(2000), takeBodyMemory(3000), takeBodyMemory(4000)];
  for (const memory of [large, small, middle]) giveBodyMemory(memory);
  assert.equal(takeBodyMemory(3500), large);
  assert.equal(takeBodyMemory(2500), middle);
  assert.notEqual(takeBodyMemory(100), small);
});
