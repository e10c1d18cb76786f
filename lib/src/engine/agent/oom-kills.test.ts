import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OomKills } from './oom-kills.js';

test('only an end of the last two looks counts', () => {
  let count = 7;
  const kills = new OomKills(() => count);
  assert.equal(kills.take(), false);
  count += 1;
  kills.look();
  assert.equal(kills.take(), true, 'the end of the process may be reported after the look');
  count += 1;
  kills.look();
  kills.look();
  assert.equal(kills.take(), false);
});

test('each end explains one end', () => {
  let count = 7;
  const kills = new OomKills(() => count);
  count += 2;
  assert.deepEqual([kills.take(), kills.take(), kills.take()], [true, true, false]);
  kills.look();
  assert.equal(kills.take(), false);
});

test('a system without the counter tells nothing', () => {
  const kills = new OomKills(() => null).watch();
  kills.look();
  assert.equal(kills.take(), false);
});
