import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { failureOf } from './npm.js';
import { environmentKey, PackageCache } from './package-cache.js';

const DAY_MS = 24 * 3600_000;
const packages = (name: string) => ({ dependencies: { [name]: '1.0.0' } });

function cacheOf(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'nbt-cache-'));
  t.after(() => rmSync(root, { recursive: true }));
  const home = join(root, 'environments');
  const state = { now: Date.now(), installs: 0, failure: null as Error | null };
  const install = ({ folder }: { folder: string }): Promise<void> => {
    state.installs += 1;
    writeFileSync(join(folder, 'installed'), 'yes');
    return state.failure === null ? Promise.resolve() : Promise.reject(state.failure);
  };
  return { home, state, cache: () => new PackageCache({ home: () => home, install, now: () => state.now }) };
}

describe('the cache of packages', () => {
  it('installs once, however many ask at once', async (t) => {
    const { cache, state } = cacheOf(t);
    const folders = await Promise.all([cache(), cache(), cache()].map((one) => one.install(packages('a'))));
    assert.equal(new Set(folders).size, 1);
    assert.equal(state.installs, 1);
    assert.equal(cache().find(packages('a')), folders[0]);
    assert.equal(cache().find(packages('b')), undefined);
  });

  it('has nothing half: a failure leaves nothing, and what a killed process left is replaced', async (t) => {
    const { cache, state, home } = cacheOf(t);
    state.failure = new Error('no');
    await assert.rejects(cache().install(packages('a')), /no/);
    assert.deepEqual(readdirSync(home), []);
    state.failure = null;
    const key = environmentKey(packages('a'));
    mkdirSync(join(home, `${key}.left.new`));
    mkdirSync(join(home, key));
    // This process's number belongs to nobody.
    writeFileSync(join(home, `${key}.lock`), JSON.stringify({ pid: 2 ** 22 + 1, start: '1' }));
    assert.equal(cache().find(packages('a')), undefined);
    await cache().install(packages('a'));
    assert.deepEqual(readdirSync(home), [key]);
  });

  it('removes what was not used for a month, and keeps what is used', async (t) => {
    const { cache, state } = cacheOf(t);
    const [old, used] = [await cache().install(packages('old')), await cache().install(packages('used'))];
    cache().find(packages('old'));
    state.now += 20 * DAY_MS;
    cache().find(packages('used'));
    state.now += 20 * DAY_MS;
    await cache().install(packages('new'));
    assert.deepEqual([existsSync(old), existsSync(used)], [false, true]);
  });

  it('removes what is too large, but not what may be in use', async (t) => {
    const { cache, state } = cacheOf(t);
    const folders: string[] = [];
    for (const name of ['first', 'second', 'third']) {
      const folder = await cache().install(packages(name));
      writeFileSync(join(folder, 'nbserve.json'), JSON.stringify({ bytes: 4 * 1024 ** 3 }));
      cache().find(packages(name));
      folders.push(folder);
      state.now += 1000;
    }
    state.now += DAY_MS / 2;
    await cache().install(packages('fourth'));
    assert.ok(folders.every((folder) => existsSync(folder)));
    state.now += DAY_MS;
    cache().find(packages('second'));
    await cache().install(packages('fifth'));
    assert.deepEqual(
      folders.map((folder) => existsSync(folder)),
      [false, true, false],
    );
  });

  it('is cleaned by several at once, and what cannot be removed does not fail an installation', async (t) => {
    const { cache, home } = cacheOf(t);
    const old = await Promise.all(['a', 'b', 'c', 'd'].map((name) => cache().install(packages(name))));
    // The name is so long that it cannot be given the longer name under which it would be removed.
    const stays = join(home, '0'.repeat(250));
    mkdirSync(stays);
    writeFileSync(join(stays, 'nbserve.json'), '{}');
    for (const folder of [...old, stays]) utimesSync(join(folder, 'nbserve.json'), 1, 1);
    const folders = await Promise.all(['new', 'newer'].map((name) => cache().install(packages(name))));
    assert.deepEqual(
      [...old, stays, ...folders].map((folder) => existsSync(folder)),
      [false, false, false, false, true, true, true],
    );
  });

  it('refuses a folder that others can write to', async (t) => {
    const { cache, home } = cacheOf(t);
    await cache().install(packages('a'));
    chmodSync(home, 0o777);
    assert.equal(cache().find(packages('a')), undefined, 'what is there may be from somebody else');
    await assert.rejects(cache().install(packages('a')), { code: 'NBS_UNSAFE_FOLDER' });
  });
});

describe("npm's words", () => {
  it('are kept with its code, without passwords and without what it says about itself', () => {
    const output =
      'npm warn x\nnpm error code E404\nnpm error 404 Not Found - GET http://me:secret@host/a\nnpm error\nnpm error A complete log of this run can be found in: /x/_logs/1-debug-0.log\n';
    const { code, message } = failureOf(output, 1);
    assert.deepEqual([code, message], ['E404', '404 Not Found - GET http://***@host/a']);
    assert.equal(failureOf('npm ERR! code ENOSPC\nnpm ERR! no space left', 1).code, 'ENOSPC');
    const other = failureOf('sh: npm: broken\n', 127);
    assert.deepEqual([other.code, other.message], ['exit code 127', 'sh: npm: broken']);
  });
});
