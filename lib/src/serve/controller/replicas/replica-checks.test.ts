import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplicaRecord } from './actual.js';
import { ReplicaChecks } from './replica-checks.js';
import type { Silence } from './replica-looks.js';

/** A clock whose timers fire when `run` is called, however late that is. */
class LateClock {
  #now = 0;
  #timers: { readonly at: number; readonly action: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { at: this.#now + delayMs, action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  /** Lets time pass, and then everything run that is due. */
  async run(ms: number): Promise<void> {
    this.#now += ms;
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    this.#timers = this.#timers.filter((timer) => !due.includes(timer));
    for (const { action } of due) action();
    await new Promise(setImmediate);
  }
}

/** A replica that never answers its check, and of which nothing is known before two seconds. */
function silentReplica() {
  const clock = new LateClock();
  const replaced: string[] = [];
  const judge = async (_id: string, askedAt: number): Promise<Silence> => (clock.now() - askedAt >= 2000 ? 'HANGS' : 'UNKNOWN');
  const checks = new ReplicaChecks({
    clock,
    check: () => new Promise(() => {}),
    judge,
    onAnswered: () => {},
    onUnhealthy: (id) => replaced.push(id),
  });
  checks.watch({ id: 'a', config: { healthCheckPeriodMs: 100, healthCheckTimeoutMs: 500 } } as ReplicaRecord);
  return { clock, replaced };
}

test('a replica that does not answer is replaced when it is known that it hangs', async () => {
  const { clock, replaced } = silentReplica();
  await clock.run(100);
  for (const ms of [500, 1000]) {
    await clock.run(ms);
    assert.deepEqual(replaced, []);
  }
  await clock.run(1000);
  assert.deepEqual(replaced, ['a']);
});

test('the time in which the controller does not run is not counted', async () => {
  const { clock, replaced } = silentReplica();
  await clock.run(100);
  // The machine was stopped.
  for (const ms of [60_000, 1000, 30_000]) {
    await clock.run(ms);
    if (ms !== 30_000) assert.deepEqual(replaced, []);
  }
  assert.deepEqual(replaced, ['a']);
});
