/** `nbserve setup ray`, with the real pip and a small package that has Ray's name. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const NBSERVE = fileURLToPath(new URL('../../bin/nbserve.js', import.meta.url));
const NAME = 'ray-2.60.0';
let root = '';

/** The files of a wheel: https://packaging.python.org/en/latest/specifications/binary-distribution-format/ */
const WHEEL = {
  'ray/__init__.py': 'def main():\n    print("ray, version 2.60.0")\n',
  [`${NAME}.dist-info/METADATA`]: 'Metadata-Version: 2.1\nName: ray\nVersion: 2.60.0\nProvides-Extra: default\n',
  [`${NAME}.dist-info/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
  [`${NAME}.dist-info/entry_points.txt`]: '[console_scripts]\nray = ray:main\n',
  [`${NAME}.dist-info/RECORD`]: Object.keys({ 'ray/__init__.py': 0 })
    .map((file) => `${file},,\n`)
    .join(''),
};

before(() => {
  root = mkdtempSync(join(tmpdir(), 'nbsr-'));
  const files = join(root, 'files');
  for (const [file, text] of Object.entries(WHEEL)) {
    mkdirSync(join(files, file, '..'), { recursive: true });
    writeFileSync(join(files, file), text);
  }
  mkdirSync(join(root, 'wheels'));
  const wheel = join(root, 'wheels', `${NAME}-py3-none-any.whl`);
  const zipped = spawnSync('python3', ['-m', 'zipfile', '-c', wheel, ...readdirSync(files)], { cwd: files, encoding: 'utf8' });
  assert.equal(zipped.status, 0, zipped.stderr);
});
after(() => rmSync(root, { recursive: true }));

function setup(args: readonly string[], { cache = 'cache', wheels = 'wheels', path = process.env.PATH } = {}) {
  const pip = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: join(root, wheels) };
  const env = { ...process.env, NBSERVE_CACHE: join(root, cache), ...pip, PATH: path };
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [NBSERVE, 'setup', ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

test('an installation that was cut off is made anew, and if that fails, nothing is left', async () => {
  mkdirSync(join(root, 'cache', NAME, 'bin'), { recursive: true });
  const failed = await setup(['ray'], { wheels: 'none' });
  assert.equal(failed.code, 1);
  assert.match(
    failed.stderr,
    /NBS_PYTHON_INSTALL: pip install ray\[default\]==2\.60\.0 failed, nothing of it is kept: .*No matching distribution.*; nbserve runs on several machines without Ray too: nbserve start --machines/,
  );
  assert.deepEqual(readdirSync(join(root, 'cache')), []);
});

test('after that, Ray is installed once: of two that do it at the same time, one waits for the other', async () => {
  const before = await setup(['ray', '--check']);
  assert.deepEqual([before.code, before.stdout], [1, `Ray 2.60.0 is not in ${join(root, 'cache', NAME)}: nbserve setup ray\n`]);
  const folder = join(root, 'cache', NAME);
  const command = join(folder, 'bin', 'ray');
  const both = await Promise.all([[], ['--json']].map((options) => setup(['ray', ...options])));
  const stderr = both.map((one) => one.stderr).join('\n');
  const [said, json] = both;
  assert.deepEqual([said?.code, said?.stdout, json?.code], [0, `Ray 2.60.0: ${command}\n`, 0], stderr);
  const installed = { version: '2.60.0', folder, command, isThere: true };
  assert.deepEqual(JSON.parse(json?.stdout ?? ''), installed);
  assert.equal(both.filter((one) => /^installing Ray 2\.60\.0 into /m.test(one.stderr)).length, 1, stderr);
  assert.equal(spawnSync(command, { encoding: 'utf8' }).stdout, 'ray, version 2.60.0\n');
  assert.deepEqual(readdirSync(join(root, 'cache')), [NAME]);
  // Nothing is installed again, so nothing is needed.
  const again = await setup(['ray', '--json'], { wheels: 'none', path: '/nowhere' });
  assert.deepEqual(JSON.parse(again.stdout), installed);
  assert.equal((await setup(['ray', '--check'])).code, 0);
});

test('without Python, or with a wrong option, it says what would be right', async () => {
  assert.match(
    (await setup(['ray'], { cache: 'x', path: '/nowhere' })).stderr,
    /NBS_NO_PYTHON: Ray 2\.60\.0 needs Python 3\.10 or newer: there is no python3/,
  );
  assert.match((await setup(['ray', '--without-driver'])).stderr, /--without-driver and --wheels are for cuda/);
  assert.match((await setup(['rays'])).stderr, /there is no set-up for rays/);
});
