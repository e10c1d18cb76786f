import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '../../core/index.js';
import { StartNotDone } from './errors.js';
import { StartWatch } from './start-watch.js';

/** Like a process that was stopped: time passes, and no processor is used. */
const standStill = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

test('time in which the process was stopped does not count for its start', async (t) => {
  t.mock.method(console, 'error', () => {});
  const started = new StartWatch({ label: 'app/Chat', timeoutMs: 3000 }).run(async () => {
    await delay(10);
    standStill(4000);
    await delay(50);
    return 'up';
  });
  assert.equal(await started, 'up');
});

test('a start that is not done in time fails', async () => {
  const never = new StartWatch({ label: 'app/Chat', timeoutMs: 200 }).run(() => new Promise(() => {}));
  await assert.rejects(never, (error) => hasCode(error, StartNotDone));
});
