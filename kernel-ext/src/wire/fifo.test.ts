import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fifo } from './fifo.js';

test('items leave in the order in which they came, while others come', () => {
  const fifo = new Fifo<number>();
  let next = 0;
  let expected = 0;
  for (let round = 0; round < 200; round += 1) {
    for (let i = 0; i < 50; i += 1) fifo.push(next++);
    for (let i = 0; i < 30 + (round % 40); i += 1) {
      assert.equal(fifo.first, expected < next ? expected : undefined);
      if (expected < next) expected += 1;
      fifo.drop();
    }
    assert.equal(fifo.size, next - expected);
  }
});
