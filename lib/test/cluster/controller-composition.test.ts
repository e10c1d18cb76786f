import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { assertNothingLeft } from '../fixtures/engine-harness.js';

after(assertNothingLeft);

it('lets constructors call what they are composed of, over an update too, each version its own', async () => {
  const script = fileURLToPath(new URL('../fixtures/composed-app.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  assert.deepEqual(answers, [
    { version: 1, first: 'inner 1', now: 'inner 1' },
    { version: 2, first: 'only in two', now: 'inner 2' },
  ]);
});
