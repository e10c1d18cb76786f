import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deadlines } from './deadlines.js';
import type { OutgoingStream } from './outgoing-call.js';

const block = (ms: number): void => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

test('an answer that came while the event loop was blocked is not declared missing', async () => {
  const expired: OutgoingStream[] = [];
  const call = (): OutgoingStream => ({ expiresAt: performance.now() + 20 }) as OutgoingStream;
  const answered = call();
  const unanswered = call();
  const calls = new Set([answered, unanswered]);
  const deadlines = new Deadlines(calls, (one) => {
    expired.push(one);
    calls.delete(one);
  });
  deadlines.add(answered.expiresAt);
  // Sockets are read after the timers, and before this.
  setImmediate(() => calls.delete(answered));
  block(300);
  await turns(5);
  assert.deepEqual(expired, [unanswered]);
});

test('a deadline that is not late is over at once', async () => {
  const call = { expiresAt: performance.now() + 20 } as OutgoingStream;
  await new Promise<void>((resolve) => {
    const held = setTimeout(() => {}, 60_000);
    new Deadlines([call], () => {
      clearTimeout(held);
      resolve();
    }).add(call.expiresAt);
  });
  assert.ok(performance.now() >= call.expiresAt);
});
