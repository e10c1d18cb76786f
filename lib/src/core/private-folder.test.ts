import assert from 'node:assert/strict';
import { chmodSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isOurs, isPrivateFolder, privateFolder, refuseForeign } from './private-folder.js';

const root = mkdtempSync(join(tmpdir(), 'nbs-private-'));
after(() => rmSync(root, { recursive: true }));
const isRoot = process.getuid?.() === 0;

test('a private folder is a folder of this user that nobody else can enter', () => {
  const folder = join(root, 'own');
  assert.equal(isPrivateFolder(folder), false);
  privateFolder(folder);
  assert.equal(isPrivateFolder(folder), true);
  chmodSync(folder, 0o755);
  assert.equal(isPrivateFolder(folder), false);
  assert.throws(() => privateFolder(folder), { code: 'NBS_UNSAFE_FOLDER', message: /is open to other users/ });
});

test('what another user has put into a shared folder is not ours, and neither is its link', { skip: !isRoot }, () => {
  const mine = join(root, 'mine');
  const theirs = join(root, 'theirs');
  const link = join(root, 'link');
  for (const folder of [mine, theirs]) mkdirSync(folder);
  symlinkSync(mine, link);
  for (const path of [theirs, link]) lchownSync(path, 12_345, 12_345);
  assert.deepEqual([mine, theirs, link, join(root, 'nothing')].map(isOurs), [true, false, false, false]);
  refuseForeign(mine);
  refuseForeign(join(root, 'nothing'));
  assert.throws(() => refuseForeign(theirs), { code: 'NBS_UNSAFE_FOLDER', message: /belongs to another user/ });
});
