import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DeadlineWheel, type Expiring } from './deadline-wheel.js';

class Entry implements Expiring {
  expiresAt = 0;
  wheelNext: Expiring | null = null;
  wheelPrevious: Expiring | null = null;
  firedAt: number | null = null;
  removed = false;
  readonly #now: () => number;
  constructor(now: () => number) {
    this.#now = now;
  }
  onExpired(): void {
    assert.equal(this.firedAt, null);
    this.firedAt = this.#now();
  }
}

test('every deadline fires once, never early, within two ticks of an advance; removed ones do not', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('add' as const), timeout: fc.nat(20_000) }),
      fc.record({ kind: fc.constant('remove' as const), which: fc.nat(50) }),
      fc.record({ kind: fc.constant('advance' as const), by: fc.nat(9_000) }),
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      let now = 1000;
      const wheel = new DeadlineWheel(() => now);
      const entries: Entry[] = [];
      for (const step of all) {
        if (step.kind === 'add') {
          const entry = new Entry(() => now);
          wheel.add(entry, step.timeout);
          entries.push(entry);
        } else if (step.kind === 'remove') {
          const entry = entries[step.which];
          if (entry === undefined || entry.firedAt !== null || entry.removed) continue;
          entry.removed = true;
          wheel.remove(entry);
        } else {
          now += step.by;
          wheel.advance();
          for (const entry of entries) {
            if (entry.removed) assert.equal(entry.firedAt, null);
            else assert.equal(entry.firedAt !== null, entry.expiresAt <= now, `due ${entry.expiresAt}, now ${now}`);
            if (entry.firedAt !== null) assert.ok(entry.firedAt >= entry.expiresAt);
          }
        }
      }
      assert.equal(wheel.size, entries.filter((entry) => !entry.removed && entry.firedAt === null).length);
      wheel.close();
    }),
  );
});

test('an answer that came while the event loop was blocked is in time', async () => {
  const wheel = new DeadlineWheel();
  const [answered, unanswered] = [new Entry(() => performance.now()), new Entry(() => performance.now())];
  for (const entry of [answered, unanswered]) wheel.add(entry, 20);
  // Sockets are read after the timers, and before this.
  setImmediate(() => wheel.remove(answered));
  const until = performance.now() + 300;
  while (performance.now() < until);
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  assert.equal(answered.firedAt, null);
  assert.notEqual(unanswered.firedAt, null);
  wheel.close();
});
