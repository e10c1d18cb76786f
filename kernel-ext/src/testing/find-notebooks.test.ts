import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { findNotebooks, withoutTwice } from './find-notebooks.js';

it('the notebooks of a folder do not include copies, nor those that an earlier run has kept', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbserve-find-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = ['b.ipynb', 'a/c.ipynb', 'a/c.executed.ipynb', '.hidden/d.ipynb', 'node_modules/e.ipynb', 'results/run/b.ipynb'];
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  const wanted = ['a/c.ipynb', 'b.ipynb'].map((file) => join(folder, file));
  const results = join(folder, 'results');
  assert.deepEqual(findNotebooks(folder, results), wanted);
  assert.deepEqual(findNotebooks(results, results), [join(results, 'run/b.ipynb')]);
});

it('the notebooks of a folder include those of folders that are linked there, once', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'nbserve-find-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, 'notebooks');
  for (const file of ['notebooks/b.ipynb', 'notebooks/real/c.ipynb', 'shared/deep/d.ipynb', 'kept/e.ipynb']) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), '');
  }
  const links = { above: '..', again: 'real', itself: 'itself', more: '../shared/deep', 'f.ipynb': '../shared/deep/d.ipynb' };
  for (const [name, to] of Object.entries(links)) symlinkSync(to, join(folder, name));
  const wanted = ['above/shared/deep/d.ipynb', 'b.ipynb', 'f.ipynb', 'real/c.ipynb'].map((file) => join(folder, file));
  assert.deepEqual(findNotebooks(folder, join(root, 'kept')), wanted);
  // One file is tested once.
  assert.deepEqual(withoutTwice([...wanted, join(root, 'shared/deep/d.ipynb')]), [
    join(root, 'shared/deep/d.ipynb'),
    ...wanted.filter((file) => !/[df]\.ipynb$/.test(file)),
  ]);
});

it('folders behind links that cannot be read are passed over', { skip: process.getuid?.() === 0 && 'root can read all' }, (t) => {
  const root = mkdtempSync(join(tmpdir(), 'nbserve-find-'));
  const closed = join(root, 'disk/lost');
  t.after(() => {
    chmodSync(closed, 0o700);
    rmSync(root, { recursive: true, force: true });
  });
  mkdirSync(closed, { recursive: true, mode: 0 });
  mkdirSync(join(root, 'notebooks'));
  symlinkSync('../disk', join(root, 'notebooks/data'));
  writeFileSync(join(root, 'notebooks/a.ipynb'), '');
  assert.deepEqual(findNotebooks(join(root, 'notebooks')), [join(root, 'notebooks/a.ipynb')]);
});
