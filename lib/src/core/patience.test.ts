import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { patience } from './patience.js';

function calls(t: TestContext, ms: number): { readonly count: () => number; readonly stop: () => void } {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let count = 0;
  const stop = patience(ms, () => {
    count += 1;
  });
  return { count: () => count, stop };
}

test('patience ends after its time', (t) => {
  const { count } = calls(t, 200);
  t.mock.timers.tick(199);
  assert.equal(count(), 0);
  t.mock.timers.tick(1);
  assert.equal(count(), 1);
});

test('patience that was stopped does not end', (t) => {
  const { count, stop } = calls(t, 200);
  t.mock.timers.tick(150);
  stop();
  t.mock.timers.tick(1000);
  assert.equal(count(), 0);
});

test('patience does not count the time in which the process did not run', async () => {
  const begun = performance.now();
  let isOver = false;
  const end = new Promise<void>((resolve) => {
    patience(200, () => {
      isOver = true;
      resolve();
    });
  });
  while (performance.now() - begun < 400);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isOver, false);
  // A timer of the test keeps the process alive, because patience does not.
  const alive = setInterval(() => {}, 1000);
  await end;
  clearInterval(alive);
});
