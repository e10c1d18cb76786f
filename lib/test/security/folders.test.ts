import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compileModule } from '../../dist/code/module.js';

const MAKER = fileURLToPath(new URL('../fixtures/folder-maker.js', import.meta.url));
const uid = process.getuid?.() ?? 0;
/** The user `nobody` on Linux. Only root can become another user. */
const STRANGER = 65_534;
const needsRoot = { skip: uid === 0 ? false : 'needs root, to stand for two users' };

function folder(t: TestContext, mode = 0o1777): string {
  const path = mkdtempSync(join(tmpdir(), 'nbsf-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  chmodSync(path, mode);
  return path;
}

/** Where a process makes its cluster's folder, or the reason why it does not. */
function make(home: string, options: { cwd?: string } = {}): string {
  const run = spawnSync(process.execPath, [MAKER], { encoding: 'utf8', env: { ...process.env, NBSERVE_HOME: home }, ...options });
  return run.stdout.trim();
}

test('a folder that is a link, a file, or open to others is not used, and nothing is written to it', (t) => {
  const elsewhere = folder(t, 0o700);
  const name = `nbs-${uid}`;
  const plants: Record<string, (home: string) => void> = {
    'a link': (home) => symlinkSync(elsewhere, join(home, name)),
    'a file': (home) => writeFileSync(join(home, name), ''),
    'open to others': (home) => {
      mkdirSync(join(home, name));
      chmodSync(join(home, name), 0o755);
    },
  };
  for (const [what, plant] of Object.entries(plants)) {
    const home = folder(t);
    plant(home);
    assert.match(make(home), /^(NBS_UNSAFE_FOLDER|EEXIST)/, what);
    assert.deepEqual(readdirSync(elsewhere), [], what);
  }
  const home = folder(t);
  assert.ok(make(home).startsWith(join(home, name)));
  assert.equal(statSync(join(home, name)).mode & 0o777, 0o700);
});

test('a folder that another user made first is refused, with what to do', needsRoot, (t) => {
  const home = folder(t);
  const planted = join(home, `nbs-${uid}`);
  mkdirSync(planted, { mode: 0o700 });
  chownSync(planted, STRANGER, STRANGER);
  assert.match(make(home), /^NBS_UNSAFE_FOLDER .*belongs to another user/);
});

test('another user can neither list nor reach what is in the folder', needsRoot, (t) => {
  const home = folder(t);
  const cluster = make(home);
  mkdirSync(cluster, { recursive: true });
  writeFileSync(join(cluster, 'token'), 'secret', { mode: 0o600 });
  const attempts = ['cat "$1/token"', 'ls "$1/.."', 'echo x > "$1/planted"', 'rm -rf "$1"', 'mv "$1/.." "$1/../../moved"'];
  for (const attempt of attempts) {
    const run = spawnSync('/bin/sh', ['-c', attempt, 'sh', cluster], { uid: STRANGER, gid: STRANGER, encoding: 'utf8' });
    assert.notEqual(run.status, 0, attempt);
    assert.doesNotMatch(run.stdout, /secret|token/, attempt);
  }
  assert.deepEqual(readdirSync(cluster), ['token']);
});

test('a folder named from here is the same for processes elsewhere', (t) => {
  const home = folder(t);
  assert.ok(make('./here', { cwd: home }).startsWith(join(home, 'here')));
});

test('a compiled module that somebody put into the cache is not run', async (t) => {
  const cache = folder(t, 0o700);
  const file = join(cache, `it's a "module" $(touch x).ts`);
  writeFileSync(file, 'export const answer: number = 42;');
  const before = process.env.NBSERVE_CACHE;
  process.env.NBSERVE_CACHE = cache;
  t.after(() => {
    if (before === undefined) delete process.env.NBSERVE_CACHE;
    else process.env.NBSERVE_CACHE = before;
  });
  const { bundle } = await compileModule(file);
  writeFileSync(bundle, 'export const answer = "planted";');
  const again = await compileModule(file);
  assert.equal(again.bundle, bundle);
  const { answer } = (await import(bundle)) as { answer: unknown };
  assert.equal(answer, 42);
  assert.equal(statSync(bundle).mode & 0o077, 0);
  // Who can write to the folder could replace it after its hash was checked.
  chmodSync(dirname(bundle), 0o777);
  await assert.rejects(compileModule(file), { code: 'NBS_UNSAFE_FOLDER' });
});
