import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { withLock } from './file-lock.js';
import { markProcess } from './process-mark.js';

const folder = mkdtempSync(join(tmpdir(), 'nbs-lock-'));
after(() => rmSync(folder, { recursive: true }));
const lock = join(folder, 'some.lock');

test('actions under one lock run one after the other', async () => {
  const seen: string[] = [];
  const action = (name: string) => () =>
    withLock(lock, async () => {
      assert.deepEqual(JSON.parse(readFileSync(lock, 'utf8')), markProcess(process.pid));
      seen.push(name);
      await new Promise(setImmediate);
      seen.push(name);
    });
  await Promise.all([action('a'), action('b')].map((each) => each()));
  assert.deepEqual(seen, ['a', 'a', 'b', 'b']);
  assert.equal(existsSync(lock), false);
});

test('a lock does not count if another process has got the pid since, even this one', async () => {
  writeFileSync(lock, JSON.stringify({ pid: process.pid, start: '1' }));
  assert.equal(await withLock(lock, async () => 'done'), 'done');
});

test('a lock without a holder does not count after some seconds', async () => {
  const old = Date.now() / 1000 - 10;
  for (const content of ['', '{"pid":', String(process.pid)]) {
    writeFileSync(lock, content);
    utimesSync(lock, old, old);
    assert.equal(await withLock(lock, async () => 'done'), 'done', content);
  }
});
