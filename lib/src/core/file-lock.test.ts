import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
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

test('the holder in another container keeps its lock as long as it touches it', async () => {
  const elsewhere = { ...markProcess(process.pid), pid: 4_194_305, place: '1' };
  writeFileSync(lock, JSON.stringify(elsewhere));
  let isTaken = false;
  const taken = withLock(lock, async () => {
    isTaken = true;
  });
  await delay(100);
  assert.equal(isTaken, false);
  const old = Date.now() / 1000 - 61;
  utimesSync(lock, old, old);
  await taken;
  assert.equal(isTaken, true);
});

test('a lock that another process has taken meanwhile stays when the action ends', async () => {
  const other = JSON.stringify({ ...markProcess(process.pid), start: '1' });
  await withLock(lock, async () => writeFileSync(lock, other));
  assert.equal(readFileSync(lock, 'utf8'), other);
  rmSync(lock);
});

test('a left lock is taken by one of many', async () => {
  let running = 0;
  const most: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    writeFileSync(lock, JSON.stringify({ pid: process.pid, start: '1' }));
    const action = async (): Promise<void> => {
      running += 1;
      most.push(running);
      await new Promise(setImmediate);
      running -= 1;
    };
    await Promise.all([withLock(lock, action), withLock(lock, action), withLock(lock, action)]);
  }
  assert.equal(Math.max(...most), 1);
  assert.deepEqual(readdirSync(folder), []);
});
