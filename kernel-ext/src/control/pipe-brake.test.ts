import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { PipeBrake } from './pipe-brake.js';

const MANY = 3 * 1024 * 1024;

it('the pipes are read while not much is unsent, and otherwise only now and then, or often while somebody waits', () => {
  mock.timers.enable({ apis: ['setInterval'] });
  const seen: string[] = [];
  const brake = new PipeBrake({
    pause: () => void seen.push('pause'),
    resume: () => void seen.push('resume'),
    sip: () => void seen.push('sip'),
  });
  const since = (): string[] => seen.splice(0);
  brake.came(MANY);
  assert.deepEqual(since(), []);
  brake.came(MANY);
  brake.came(1);
  assert.deepEqual(since(), ['pause']);
  mock.timers.tick(9_000);
  assert.deepEqual(since(), []);
  mock.timers.tick(11_000);
  assert.deepEqual(since(), ['sip', 'sip']);
  brake.hurry(true);
  mock.timers.tick(60);
  assert.deepEqual(since(), ['sip', 'sip', 'sip']);
  brake.hurry(false);
  mock.timers.tick(1_000);
  assert.deepEqual(since(), []);
  brake.sent(MANY);
  mock.timers.tick(60_000);
  assert.deepEqual(since(), ['resume']);
  brake.sent(MANY + 1);
  brake.hurry(true);
  brake.came(2 * MANY);
  mock.timers.tick(20);
  assert.deepEqual(since(), ['pause', 'sip']);
  mock.timers.reset();
});
