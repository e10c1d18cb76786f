import assert from 'node:assert/strict';
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { claimPart } from './part-files.js';

const folder = mkdtempSync(join(tmpdir(), 'nbs-parts-'));
after(() => rmSync(folder, { recursive: true }));
/** No process has this id. */
const GONE = 4_194_305;

test('only the parts of the same download are continued', async () => {
  for (const key of ['pypi-x-1.0.1', 'pypi-x-1.0-beta', 'pypi-x-1.0']) writeFileSync(join(folder, `${key}.${GONE}.part`), key);
  const { path, release } = await claimPart(folder, 'pypi-x-1.0');
  assert.equal(readFileSync(path, 'utf8'), 'pypi-x-1.0');
  const second = await claimPart(folder, 'pypi-x-1.0');
  assert.notEqual(second.path, path);
  assert.deepEqual(
    readdirSync(folder)
      .filter((name) => name.endsWith(`.${GONE}.part`))
      .sort(),
    [`pypi-x-1.0-beta.${GONE}.part`, `pypi-x-1.0.1.${GONE}.part`],
  );
  release();
  second.release();
});

test('one that was the second of its process is continued too', async () => {
  writeFileSync(join(folder, `again~2.${GONE}.part`), 'second');
  const { path, release } = await claimPart(folder, 'again');
  assert.equal(readFileSync(path, 'utf8'), 'second');
  release();
});

test('a link, and a part of another user, are not continued: the folder may be a shared one', async () => {
  const precious = join(folder, 'precious');
  writeFileSync(precious, 'precious');
  symlinkSync(precious, join(folder, `linked.${GONE}.part`));
  symlinkSync(precious, join(folder, `linked.${process.pid}.part`));
  writeFileSync(join(folder, `foreign.${GONE}.part`), 'foreign');
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(join(folder, `foreign.${GONE}.part`), 12_345, 12_345);
  for (const key of isRoot ? ['linked', 'foreign'] : ['linked']) {
    const { path, release } = await claimPart(folder, key);
    assert.equal(existsSync(path), false, key);
    writeFileSync(path, 'mine', { flag: 'wx' });
    release();
  }
  assert.equal(readFileSync(precious, 'utf8'), 'precious');
});

test('the part of a process in another container is continued if it has not grown for some minutes', async () => {
  const left = join(folder, 'far.1-7-7.part');
  writeFileSync(left, 'far');
  const first = await claimPart(folder, 'far');
  assert.equal(readFileSync(left, 'utf8'), 'far');
  first.release();
  const old = Date.now() / 1000 - 601;
  utimesSync(left, old, old);
  const { path, release } = await claimPart(folder, 'far');
  assert.equal(readFileSync(path, 'utf8'), 'far');
  release();
});
