import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { resultFolder } from './index.js';

test('results are kept in a folder of this machine', () => {
  assert.equal(resultFolder('train', 'results', 'mine'), resolve('results/mine'));
  for (const url of ['s3://bucket/results', 'file:///results'])
    assert.throws(() => resultFolder('train', url, 'mine'), {
      code: 'NBS_INVALID_OPTION',
      message: /storagePath.*not a URL.*results/,
    });
});

test('results for which no folder is named are in one that is open to this user alone', (t) => {
  const temporary = mkdtempSync(join(os.tmpdir(), 'nbs-results-'));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = temporary;
  // In a container, the user may have a number and no name.
  t.mock.method(os, 'userInfo', () => {
    throw new Error('uv_os_get_passwd returned ENOENT');
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(temporary, { recursive: true });
  });
  const folder = dirname(resultFolder('train', undefined, 'mine'));
  assert.equal(dirname(folder), temporary);
  const mode = (): number => statSync(folder).mode & 0o777;
  assert.equal(mode(), 0o700);
  chmodSync(folder, 0o755);
  resultFolder('train', undefined, 'mine');
  assert.equal(mode(), 0o700);
  rmSync(folder, { recursive: true });
  symlinkSync('/', folder);
  assert.throws(() => resultFolder('train', undefined, 'mine'), {
    code: 'NBS_INVALID_OPTION',
    message: `runConfig: option storagePath must be a folder of yours, because ${folder} is not, got nothing`,
  });
});
