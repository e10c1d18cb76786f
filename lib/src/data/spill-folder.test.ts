import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeSpillFolder } from './spill-folder.js';

test('a folder for rows removes those of processes that were killed, and nothing else', (t) => {
  const before = process.env.TMPDIR;
  const folder = mkdtempSync(join(tmpdir(), 'nbs-spill-'));
  process.env.TMPDIR = folder;
  t.after(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(folder, { recursive: true, force: true });
  });
  const own = makeSpillFolder();
  assert.equal(statSync(own).mode & 0o777, 0o700);
  const [, place, start] = /^nbserve-data-(\d+)-\d+-(\d+)-/.exec(own.slice(folder.length + 1)) ?? [];
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const make = (name: string): string => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'rows'), 'rows');
    return join(folder, name);
  };
  const left = make(`nbserve-data-${place}-${pid}-${start}-abc`);
  const others = [`nbserve-data-1${place}-${pid}-${start}-abc`, 'nbserve-data-abc', `nbserve-data-${place}`].map(make);
  const linked = make('linked');
  symlinkSync(linked, join(folder, `nbserve-data-${place}-${pid}-${start}-link`));
  const second = makeSpillFolder();
  assert.equal(existsSync(left), false);
  for (const kept of [own, second, join(linked, 'rows'), ...others]) assert.ok(existsSync(kept), kept);
});
