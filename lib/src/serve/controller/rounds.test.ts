import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandClock } from '../../core/hand-clock.test-support.js';
import type { Clock } from '../../core/index.js';
import { Rounds } from './rounds.js';

/** A clock that may stand still for everybody who waits. */
class StoppedClock implements Clock {
  lostMs = 0;
  readonly #hand = new HandClock();
  readonly now = (): number => this.#hand.now() + this.lostMs;
  readonly after = (delayMs: number, action: () => void): (() => void) => this.#hand.after(delayMs, action);
  readonly pass = (ms: number): Promise<void> => this.#hand.pass(ms);
}

test('a round comes at its time, and time in which nothing could run is told before', async () => {
  const clock = new StoppedClock();
  const told: string[] = [];
  const rounds = new Rounds({
    clock,
    size: () => 1,
    run: () => told.push(`round at ${clock.now()}`),
    onLost: (lostMs) => told.push(`lost ${lostMs}`),
  });
  rounds.now();
  rounds.at(5000);
  await clock.pass(1500);
  clock.lostMs = 40_000;
  await clock.pass(500);
  assert.deepEqual(told, ['round at 0', 'lost 40000', 'round at 42000']);
  rounds.at(45_000);
  await clock.pass(2999);
  assert.equal(told.length, 3);
  await clock.pass(1);
  assert.deepEqual(told.slice(3), ['round at 45000']);
  // A time that is over is no lost time.
  rounds.at(1);
  await clock.pass(1);
  assert.deepEqual(told.slice(4), ['round at 45001']);
});
