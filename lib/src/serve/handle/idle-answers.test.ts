import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { addIdle, type IdleAnswer, removeIdle } from './idle-answers.js';

const MIB = 1024 * 1024;

const released: string[] = [];
const made: IdleAnswer[] = [];

function answer(name: string, keptBytes: number): IdleAnswer {
  const one = { keptBytes, release: () => void released.push(name) };
  made.push(one);
  return one;
}

describe('answers that no call needs now', () => {
  afterEach(() => {
    for (const one of made.splice(0)) removeIdle(one);
    released.length = 0;
  });

  it('have at most 64 MiB together; the ones that wait longest are let go of first', () => {
    for (const name of ['a', 'b', 'c', 'd']) addIdle(answer(name, 16 * MIB));
    assert.deepEqual(released, [], 'exactly 64 MiB');
    addIdle(answer('e', 1));
    assert.deepEqual(released, ['a']);
    addIdle(answer('f', 40 * MIB));
    assert.deepEqual(released, ['a', 'b', 'c']);
  });

  it('do not count while a call needs them', () => {
    const [first, second] = [answer('first', 40 * MIB), answer('second', 40 * MIB)];
    addIdle(first);
    removeIdle(first);
    removeIdle(first);
    addIdle(second);
    assert.deepEqual(released, []);
    addIdle(first);
    assert.deepEqual(released, ['second'], 'first was needed last');
  });

  it('keep one that is larger than all may be together, until the next one comes', () => {
    addIdle(answer('large', 100 * MIB));
    assert.deepEqual(released, []);
    addIdle(answer('next', 1));
    assert.deepEqual(released, ['large']);
  });
});
