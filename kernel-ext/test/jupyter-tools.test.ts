/** Jupyter's own tools with the installed kernel. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const NBSERVE = fileURLToPath(new URL('../../lib/bin/nbserve.js', import.meta.url));
const TOOLS = fileURLToPath(new URL('../test/fixtures/jupyter_tools.py', import.meta.url));
const MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url));
const CHART = `({
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  data: { values: [{ a: 'x', b: 1 }, { a: 'y', b: 2 }] },
  mark: 'bar',
  encoding: { x: { field: 'a', type: 'nominal' }, y: { field: 'b', type: 'quantitative' } },
})`;
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

/** A notebook for the kernel, with these outputs. */
function write(name: string, cells: readonly { readonly source: string; readonly output: string }[]): void {
  const notebook = {
    cells: cells.map(({ source, output }, n) => ({
      cell_type: 'code',
      id: `cell-${n}`,
      metadata: {},
      execution_count: n + 1,
      source,
      outputs: [{ output_type: 'stream', name: 'stdout', text: output }],
    })),
    metadata: { kernelspec: { name: 'nbserve', display_name: 'TypeScript', language: 'typescript' } },
    nbformat: 4,
    nbformat_minor: 5,
  };
  writeFileSync(join(root, name), JSON.stringify(notebook));
}

test('nbval finds the outputs that are as they were, and those that are not', { skip: missing }, () => {
  const first = { source: 'const rows: number[] = [1, 2, 3];\nconsole.log(rows.length);', output: '3\n' };
  write('same.ipynb', [first, { source: 'console.log(rows.map((n) => n * n).join());', output: '1,4,9\n' }]);
  write('other.ipynb', [first, { source: 'console.log(rows.at(-1));', output: '4\n' }]);
  const validate = (file: string) =>
    spawnSync(python as string, ['-m', 'pytest', '--nbval', '-p', 'no:cacheprovider', file], {
      encoding: 'utf8',
      env,
      cwd: root,
    });
  const same = validate('same.ipynb');
  assert.equal(same.status, 0, same.stdout + same.stderr);
  assert.match(same.stdout, /2 passed/);
  const other = validate('other.ipynb');
  assert.equal(other.status, 1, other.stdout + other.stderr);
  assert.match(other.stdout, /1 failed, 1 passed/);
});

test('jupyter console runs cells, asks questions, and ends', { skip: missing }, () => {
  const input = [
    'const n: number = 20',
    'n + 22',
    "const name = await prompt('name? ')",
    'Ada',
    '`I am ${name}`',
    'n.x',
    'exit',
    '',
  ];
  const args = ['-m', 'jupyter_console', '--kernel', 'nbserve', '--simple-prompt'];
  const ran = spawnSync(python as string, args, { encoding: 'utf8', env, cwd: root, input: input.join('\n') });
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stdout, /42/);
  assert.match(ran.stdout, /name\? /);
  assert.match(ran.stdout, /I am Ada/);
  assert.match(ran.stderr, /Property 'x' does not exist on type 'number'/);
});

test('nbconvert executes a notebook and makes a page of it', { skip: missing }, () => {
  const cell = { cell_type: 'code', metadata: {}, execution_count: null, outputs: [] };
  const notebook = {
    cells: [
      { ...cell, id: 'a', source: 'const n: number = 6;\nconsole.log(n * 7);' },
      { ...cell, id: 'b', source: '[{ name: "Ada", born: 1815 }]' },
      { ...cell, id: 'd', source: CHART },
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
  mkdirSync(join(root, 'node_modules'));
  for (const name of ['vega', 'vega-lite']) symlinkSync(join(MODULES, name), join(root, 'node_modules', name));
  const args = ['-m', 'nbconvert', '--execute', '--to', 'html', 'page.ipynb'];
  const ran = spawnSync(python as string, args, { encoding: 'utf8', env, cwd: root });
  assert.equal(ran.status, 0, ran.stderr);
  const page = readFileSync(join(root, 'page.html'), 'utf8');
  assert.match(page, /<pre>42\n<\/pre>/);
  assert.match(page, /<td>Ada<\/td>\s*<td>1815<\/td>/);
  assert.match(page, /Error.*as expected/);
  // A page draws no charts of its own, so the picture is there.
  const [, picture = ''] = /<img [^>]*src="data:image\/svg\+xml;base64,([^"]+)"/.exec(page) ?? [];
  const svg = picture === '' ? page : Buffer.from(picture, 'base64').toString();
  assert.equal(svg.match(/aria-roledescription="bar"/g)?.length, 2, page.slice(-5000));
  assert.match(page, /<span class="kd">const<\/span>/);
});
