/** Tests of `nbserve install` and `uninstall`, as a user runs them. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const NBSERVE = fileURLToPath(new URL('../../lib/bin/nbserve.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'nbi-'));
const [cache, home, history] = [join(root, 'cache'), join(root, 'h'), join(root, 'history')];
const env = {
  ...process.env,
  HOME: root,
  JUPYTER_DATA_DIR: join(root, 'jupyter'),
  NBSERVE_CACHE: cache,
  NBSERVE_HISTORY: history,
  NBSERVE_HOME: home,
  NBSERVE_CLUSTER: '',
};
const nbserve = (...args: string[]) => nbserveIn({}, ...args);
const nbserveIn = (more: NodeJS.ProcessEnv, ...args: string[]) =>
  spawnSync(process.execPath, [NBSERVE, ...args], { env: { ...env, ...more }, encoding: 'utf8' });

after(() => rmSync(root, { recursive: true, force: true }));

function fill(): void {
  mkdirSync(join(cache, 'datasets'), { recursive: true });
  writeFileSync(join(cache, 'datasets', 'model.onnx'), Buffer.alloc(3_000_000));
}

test('uninstall names the files that it leaves, and removes them if it is asked to', () => {
  fill();
  assert.equal(nbserve('install').status, 0);
  const first = nbserve('uninstall');
  assert.equal(first.status, 0, first.stderr);
  assert.match(
    first.stdout,
    /^removed .*kernels\/nbserve\nleft: \S+\/cache \(models and data, .*, 3 MB\)\nnbserve uninstall --all removes it too\n$/,
  );
  assert.ok(existsSync(cache));
  const second = nbserve('uninstall', '--all');
  assert.match(second.stdout, /^there was no kernel to remove\nremoved \S+\/cache\n$/);
  assert.ok(!existsSync(cache));
});

test('uninstall says the size of a small folder too', () => {
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, 'typescript-5.9.3-node-v20.19.0-x64.v8'), Buffer.alloc(400_000));
  assert.match(nbserve('uninstall').stdout, /\(models and data, .*, 400 kB\)\n/);
  assert.equal(nbserve('uninstall', '--all').status, 0);
});

test('uninstall removes nothing else from the folder that the user chose for the cache', () => {
  fill();
  mkdirSync(join(cache, 'thesis'));
  writeFileSync(join(cache, 'thesis', 'chapter-1.tex'), 'x');
  writeFileSync(join(cache, 'photo.jpg'), 'x');
  const { stdout, stderr } = nbserve('uninstall', '--all');
  assert.match(stdout, /\nremoved datasets in \S+\/cache; what else is there stays: photo\.jpg, thesis\n$/, stderr);
  assert.deepEqual(readdirSync(cache), ['photo.jpg', 'thesis']);
  assert.equal(readFileSync(join(cache, 'thesis', 'chapter-1.tex'), 'utf8'), 'x');
  rmSync(cache, { recursive: true });
});

test('uninstall removes the link that leads to the folder of the cache', () => {
  const large = join(root, 'large');
  mkdirSync(large);
  symlinkSync(large, cache);
  fill();
  const { status, stdout, stderr } = nbserve('uninstall', '--all');
  assert.equal(status, 0, stderr);
  assert.match(stdout, /\nremoved \S+\/cache\n$/);
  assert.deepEqual([readdirSync(large), existsSync(cache)], [[], false]);
  rmSync(large, { recursive: true });
});

test('uninstall names and removes the history of cells, and no other files beside it', () => {
  mkdirSync(history);
  for (const name of ['1.jsonl', '12.jsonl', 'results.jsonl', 'notes.txt'])
    writeFileSync(join(history, name), '[1,"secret = 1"]\n');
  assert.match(nbserve('uninstall').stdout, /\nleft: \S+\/history \(the history of cells, 1 kB\)\n/);
  const { stdout, stderr } = nbserve('uninstall', '--all');
  assert.match(
    stdout,
    /\nremoved 1\.jsonl, 12\.jsonl in \S+\/history; what else is there stays: notes\.txt, results\.jsonl\n$/,
    stderr,
  );
  assert.deepEqual(readdirSync(history), ['notes.txt', 'results.jsonl']);
  rmSync(history, { recursive: true });
  const state = join(root, 'state');
  mkdirSync(join(state, 'nbserve', 'history'), { recursive: true });
  writeFileSync(join(state, 'nbserve', 'history', '1.jsonl'), '[1,"secret = 1"]\n');
  const none = nbserveIn({ NBSERVE_HISTORY: '', XDG_STATE_HOME: state }, 'uninstall');
  assert.equal(none.stdout, 'there was no kernel to remove\n');
  const byDefault = { NBSERVE_HISTORY: undefined, XDG_STATE_HOME: state };
  assert.match(nbserveIn(byDefault, 'uninstall', '--all').stdout, /\nremoved \S+\/state\/nbserve\/history\n$/);
  assert.deepEqual(readdirSync(join(state, 'nbserve')), []);
});

test('papermill gets the parameters of one version only', () => {
  const [python, packages] = [join(root, 'python'), join(root, 'site-packages')];
  writeFileSync(python, `#!/bin/sh\necho '${packages}'\n`, { mode: 0o755 });
  const install = (): string[] => {
    const { status, stderr } = nbserve('install', '--papermill', python);
    assert.equal(status, 0, stderr);
    return readdirSync(packages).sort();
  };
  const installed = install();
  for (const older of [
    'nbserve_papermill-0.0.1.dist-info',
    'nbserve_papermill-0.0.1-rc.1.dist-info',
    'papermill-2.6.0.dist-info',
  ]) {
    mkdirSync(join(packages, older));
    writeFileSync(join(packages, older, 'METADATA'), 'x');
  }
  assert.deepEqual(install(), [...installed, 'papermill-2.6.0.dist-info']);
  assert.equal(nbserve('uninstall').status, 0);
});

test('uninstall removes the rest if a folder of nbserve is none, as with NBSERVE_HISTORY=/dev/null', () => {
  fill();
  assert.equal(nbserve('install').status, 0);
  const { status, stdout, stderr } = nbserveIn({ NBSERVE_HISTORY: '/dev/null' }, 'uninstall', '--all');
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /^removed .*kernels\/nbserve\nremoved \S+\/cache\n$/);
});

test('uninstall does not remove the folder of a cluster that runs', async (t) => {
  fill();
  const app = join(root, 'app.mjs');
  writeFileSync(
    app,
    `import { serve } from 'nbserve';\nexport const app = serve.deployment(() => 'ok', { name: 'ok' }).bind();\n`,
  );
  const running = spawn(process.execPath, [NBSERVE, 'run', `${app}:app`, '--port', '0'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => running.kill('SIGKILL'));
  const ended = new Promise((resolve) => running.on('close', resolve));
  await new Promise<void>((resolve) =>
    running.stdout.on('data', (chunk: Buffer) => void (String(chunk).includes('runs at') && resolve())),
  );
  const refused = nbserve('uninstall', '--all');
  assert.match(refused.stderr, /^NBS_CLUSTERS_RUN: .*nbserve run \S+app\.mjs:app in /);
  assert.equal(refused.status, 1);
  assert.match(nbserve('status').stdout, /ok: HEALTHY/);
  running.kill('SIGINT');
  await ended;
  assert.equal(nbserve('uninstall', '--all').status, 0);
});
