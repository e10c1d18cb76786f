import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const APP = fileURLToPath(new URL('../fixtures/leak-app.js', import.meta.url));
/** `npm run leaks` asks for more. */
const [sessions = '600', runs = '20000'] = (process.env.NBSERVE_LEAK_COUNTS ?? '').split(',').filter((count) => count !== '');

/**
 * V8 enlarges its space for young objects in steps, up to two times 16 MiB, at any time in such a run. Its own numbers showed that the memory
 * of the process grew with these steps. So that space has a fixed size here, and what is left is the memory of sessions and runs.
 */
const FLAGS = ['--expose-gc', '--max-semi-space-size=1'];

test(`${sessions} sessions and ${runs} runs: memory grows by less than 5 % over the last half`, async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, APP, sessions, runs]);
  for (const line of stdout.trim().split('\n')) {
    const kib = JSON.parse(line) as number[];
    t.diagnostic(`MiB: ${kib.map((each) => Math.round(each / 1024)).join(' ')}`);
    const [middle = 0, end = 0] = [Math.max(kib[4] ?? 0, kib[5] ?? 0), Math.min(kib[8] ?? 0, kib[9] ?? 0)];
    assert.ok(end < middle * 1.05, `${Math.round(middle / 1024)} MiB became ${Math.round(end / 1024)} MiB`);
  }
});
