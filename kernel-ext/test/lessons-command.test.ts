/** Tests of `nbserve lessons`: which notebooks it runs, and which errors it reports before it runs any. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const NBSERVE = fileURLToPath(new URL('../../lib/bin/nbserve.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'nbl-'));
after(() => rmSync(root, { recursive: true, force: true }));

const lessons = (...args: string[]) =>
  spawnSync(process.execPath, [NBSERVE, 'lessons', ...args], { cwd: root, encoding: 'utf8' });

function notebook(path: string, source: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  const cell = { cell_type: 'code', id: 'a', metadata: {}, execution_count: null, outputs: [], source };
  writeFileSync(join(root, path), JSON.stringify({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 }));
}

test('copies of lessons are not run as lessons', () => {
  notebook('notebooks/a.ipynb', '1 + 1');
  const copies = [
    '.ipynb_checkpoints/a-checkpoint.ipynb',
    'a-checkpoint.ipynb',
    'a.executed.ipynb',
    '.ipynb_checkpoints/b.ipynb',
  ];
  for (const copy of copies) notebook(`notebooks/${copy}`, 'throw new Error("a copy ran")');
  const { stdout, status } = lessons('--output', 'made/on/the/way');
  assert.match(stdout, /^✔ a \(.* s\)\n1 of 1 lessons ran to their end\nkept in .*\.nbserve-test.*\n$/);
  assert.equal(status, 0);
  assert.deepEqual(readdirSync(join(root, 'made/on/the/way')), ['a.ipynb']);
  assert.match(lessons('notebooks/.ipynb_checkpoints').stderr, /^NBS_BAD_USAGE: there is no such notebook/);
});

test('what failed is said on stderr with its cell, and the last line names the lesson', () => {
  notebook('some/good.ipynb', '1 + 1');
  notebook('some/wrong.ipynb', 'throw new Error("no such digit")');
  const { stdout, stderr, status } = lessons('some');
  assert.match(stdout, /^✔ good \(.* s\)\n1 of 2 lessons ran to their end; failed: wrong\nkept in .*\n$/);
  const run = /kept in (.*)\n$/.exec(stdout)?.[1] ?? '';
  const kept = [
    'good.ipynb',
    'good.report.txt',
    'good.result.json',
    'junit.xml',
    'summary.txt',
    'wrong.ipynb',
    'wrong.report.txt',
  ];
  assert.deepEqual(readdirSync(run).sort(), [...kept, 'wrong.result.json']);
  assert.match(stderr, /^good: cell 1 of 1\nwrong: cell 1 of 1\n✖ wrong \(.* s\)\n.*wrong\.ipynb.*cell 1: Error: no such digit/s);
  assert.equal(status, 1);
});

test('a cell that takes longer than --timeout fails its lesson', () => {
  notebook('slow/a.ipynb', 'for (;;);');
  const { stdout, stderr, status } = lessons('slow', '--timeout', '1');
  assert.match(stdout, /^0 of 1 lessons ran to their end; failed: a\nkept in .*\n$/);
  assert.match(stderr, /a\.ipynb.*cell 1: TimeoutError: the cell did not finish within 1 s/s);
  assert.equal(status, 1);
  assert.match(lessons('slow', '--timeout', 'soon').stderr, /^NBS_BAD_USAGE: /);
});

test('an output folder that cannot be made is refused before anything runs', () => {
  notebook('notebooks/a.ipynb', 'require("node:fs").writeFileSync("ran", "")');
  writeFileSync(join(root, 'file'), '');
  for (const folder of ['file', 'file/below']) {
    const { stderr, stdout, status } = lessons('--output', folder);
    assert.match(stderr, /^NBS_OUTPUT_FOLDER: --output .*file/);
    assert.doesNotMatch(stderr, /\n\s+at /);
    assert.deepEqual([stdout, status], ['', 1]);
  }
  assert.ok(!existsSync(join(root, 'notebooks', 'ran')));
});
