/** Jupyter's own tools with the installed kernel. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const NBSERVE = fileURLToPath(new URL('../../lib/bin/nbserve.js', import.meta.url));
const TOOLS = fileURLToPath(new URL('../test/fixtures/jupyter_tools.py', import.meta.url));
const python = process.env.NBSERVE_TEST_PYTHON;
const missing = python === undefined && 'NBSERVE_TEST_PYTHON is not set';

const root = mkdtempSync(join(tmpdir(), 'nbs-tools-'));
const env = {
  ...process.env,
  HOME: root,
  TMPDIR: root,
  JUPYTER_DATA_DIR: join(root, 'data'),
  JUPYTER_CONFIG_DIR: join(root, 'config'),
  JUPYTER_RUNTIME_DIR: join(root, 'runtime'),
  NBSERVE_HISTORY: join(root, 'history'),
  PYTHONDONTWRITEBYTECODE: '1',
};
after(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

before(() => {
  mkdirSync(env.JUPYTER_DATA_DIR);
  const installed = spawnSync(process.execPath, [NBSERVE, 'install', '--user'], { encoding: 'utf8', env });
  assert.equal(installed.status, 0, installed.stderr);
});

test('jupyter_kernel_test passes, a crashed kernel is restarted, and the ports may change', { skip: missing }, () => {
  const ran = spawnSync(python as string, [TOOLS], { encoding: 'utf8', env, cwd: root });
  assert.equal(ran.status, 0, ran.stderr);
  // The tests of what the kernel does not have.
  const skipped = [...ran.stderr.matchAll(/^(test_\w+) .*skipped/gm)].map(([, name]) => name);
  assert.deepEqual(skipped, ['test_pager']);
});

test('nbconvert executes a notebook and makes a page of it', { skip: missing }, () => {
  const cell = { cell_type: 'code', metadata: {}, execution_count: null, outputs: [] };
  const notebook = {
    cells: [
      { ...cell, id: 'a', source: 'const n: number = 6;\nconsole.log(n * 7);' },
      { ...cell, id: 'b', source: '[{ name: "Ada", born: 1815 }]' },
      { ...cell, id: 'c', source: 'throw new Error("as expected")', metadata: { tags: ['raises-exception'] } },
    ],
    metadata: {
      kernelspec: { name: 'nbserve', display_name: 'TypeScript', language: 'typescript' },
      // nbconvert looks at the language before it executes.
      language_info: { name: 'typescript' },
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
  writeFileSync(join(root, 'page.ipynb'), JSON.stringify(notebook));
  const args = ['-m', 'nbconvert', '--execute', '--to', 'html', 'page.ipynb'];
  const ran = spawnSync(python as string, args, { encoding: 'utf8', env, cwd: root });
  assert.equal(ran.status, 0, ran.stderr);
  const page = readFileSync(join(root, 'page.html'), 'utf8');
  assert.match(page, /<pre>42\n<\/pre>/);
  assert.match(page, /<td>Ada<\/td>\s*<td>1815<\/td>/);
  assert.match(page, /Error.*as expected/);
  assert.match(page, /<span class="kd">const<\/span>/);
});
