import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAlive, isLeft, isOfThisPlace, markIn, markProcess, markText } from './process-mark.js';

const own = markProcess(process.pid);
const { pid, start, place: _place, ...rest } = own;
/** No process has this id. */
const GONE = 4_194_305;

test('a process of another place counts as alive; one of an older version is of this place', () => {
  assert.deepEqual(rest, {});
  assert.equal(isAlive({ pid: GONE, start, place: '1' }), true);
  assert.equal(isOfThisPlace({ pid: GONE, start, place: '1' }), false);
  assert.equal(isAlive({ pid: GONE, start }), false);
  assert.equal(isAlive({ pid, start }), true);
  assert.equal(isAlive({ pid, start: '1' }), false);
});

test('what a process of another place writes is left when it has not changed for some time', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-mark-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const elsewhere = { pid: GONE, start: '1', place: '1' };
  assert.equal(isLeft(elsewhere, folder, 60_000), false);
  const old = Date.now() / 1000 - 61;
  utimesSync(folder, old, old);
  assert.equal(isLeft(elsewhere, folder, 60_000), true);
  assert.equal(isLeft(own, folder, 60_000), false);
});

test('a mark is a part of a name and is read from it', () => {
  assert.deepEqual(markIn(`${markText(own)}-abc`), own);
  assert.deepEqual(markIn('12-34-56'), { pid: 34, start: '56', place: '12' });
  assert.deepEqual(markIn('0-34-0'), { pid: 34, start: null, place: null });
  for (const old of ['1234', '1234-7', '1234-abcdefgh']) assert.deepEqual(markIn(old), { pid: 1234, start: null });
  assert.equal(markIn('abc'), undefined);
});
