import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Asset, datasetPath } from 'nbserve/data';
import { DatasetDamaged } from '../../dist/assets/errors.js';
import { keepFile } from '../../dist/assets/keep-file.js';
import { hasCode } from '../../dist/core/index.js';

const ASSETS_COMMAND = new URL('../../dist/cli/assets-command.js', import.meta.url).href;
const run = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), 'nbs-assets-'));
after(() => rmSync(root, { recursive: true }));
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Makes a folder with a manifest of these assets. */
function project(name: string, assets: readonly Partial<Asset>[]): string {
  const folder = join(root, name);
  mkdirSync(join(folder, 'datasets'), { recursive: true });
  const whole = assets.map((asset) => ({
    description: 'd',
    licence: 'MIT',
    credit: 'c',
    committed: false,
    bytes: 4,
    sha256: sha256('here'),
    builder: { kind: 'copy' },
    sources: [],
    ...asset,
  }));
  writeFileSync(join(folder, 'datasets', 'manifest.json'), JSON.stringify({ schemaVersion: 1, assets: whole }));
  return folder;
}

/** Runs `nbserve assets fetch` in a process of its own. */
async function fetchIn(cwd: string, env: Record<string, string>): Promise<{ code: number; text: string }> {
  const script = `import('${ASSETS_COMMAND}').then(async ({ runAssets }) => {
    const write = (text) => process.stdout.write(text);
    process.exitCode = await runAssets(['fetch'], { out: write, err: write, isTerminal: false }, process.argv[1]);
  })`;
  const here = dirname(fileURLToPath(import.meta.url));
  try {
    const { stdout } = await run(process.execPath, ['-e', script, cwd], {
      cwd: here,
      env: { ...process.env, NBSERVE_CACHE: join(cwd, 'cache'), ...env },
    });
    return { code: 0, text: stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, text: stdout };
  }
}

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const npm = { registry: 'npm', package: 'nbserve-no-such', version: '1.0.0', path: 'x', sha256: sha256('here') } as const;
const pypi = { ...npm, registry: 'pypi', wheel: 'x-1-py3-none-any.whl' } as const;

test('without a network, the reason is reported once for each registry', async () => {
  const folder = project('offline', [
    { name: 'a.bin', sources: [npm] },
    { name: 'b.bin', sources: [{ ...npm, package: 'nbserve-no-other' }, pypi] },
  ]);
  const nowhere = `http://127.0.0.1:${await closedPort()}`;
  const refused = await fetchIn(folder, {
    npm_config_registry: nowhere,
    PIP_INDEX_URL: `${nowhere}/simple`,
    PIP_CONFIG_FILE: '/dev/null',
  });
  assert.equal(refused.code, 1);
  assert.match(
    refused.text,
    /NBS_ASSET_UNAVAILABLE: a\.bin could not be fetched .*the npm registry cannot be reached: the connection was refused \(http:\/\/127\.0\.0\.1/,
  );
  assert.match(
    refused.text,
    /b\.bin could not be fetched .*the npm registry cannot be reached.*; .*PyPI cannot be reached: the connection was refused/,
  );
  assert.doesNotMatch(refused.text, /\n\s+at |A complete log/);
  const unknown = await fetchIn(folder, {
    npm_config_registry: 'https://nbserve.invalid/',
    PIP_INDEX_URL: 'https://nbserve.invalid/simple',
    PIP_CONFIG_FILE: '/dev/null',
  });
  assert.match(unknown.text, /cannot be reached: (its name cannot be resolved \(DNS\)|the proxy does not take)/);
});

test('changed bytes are noticed, in the repository and in the cache', () => {
  const folder = project('flipped', [{ name: 'kept/here.bin' }]);
  const usual = process.env.NBSERVE_CACHE;
  process.env.NBSERVE_CACHE = join(folder, 'cache');
  try {
    const path = join(folder, 'cache', 'datasets', 'kept', 'here.bin');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'here');
    assert.equal(datasetPath('kept/here.bin', { from: folder }), path);
    writeFileSync(path, 'hare');
    assert.throws(
      () => datasetPath('kept/here.bin', { from: folder }),
      (error: Error) => hasCode(error, DatasetDamaged) && /npx nbserve assets fetch kept\/here\.bin/.test(error.message),
    );
  } finally {
    if (usual === undefined) delete process.env.NBSERVE_CACHE;
    else process.env.NBSERVE_CACHE = usual;
  }
});

const asset = (committed: boolean) => ({ name: 'big.bin', committed }) as Asset;

test('a file is written completely or not at all, and parts that killed writers left are removed', async () => {
  const folder = join(root, 'kept');
  mkdirSync(folder);
  for (const name of ['big.bin.4194305.part', 'big.bin.4194305-7.part'])
    writeFileSync(join(folder, name), 'left by a process that was killed');
  writeFileSync(join(folder, `big.bin.${process.ppid}.part`), 'of one that runs');
  await Promise.all(Array.from({ length: 4 }, () => keepFile(asset(false), join(folder, 'big.bin'), Buffer.from('whole'))));
  assert.deepEqual(readdirSync(folder).sort(), ['big.bin', `big.bin.${process.ppid}.part`].sort());
  const file = join(folder, 'big.bin', 'below-a-file');
  await assert.rejects(keepFile(asset(false), file, Buffer.from('x')), { code: 'NBS_ASSET_NOT_KEPT', message: /NBSERVE_CACHE/ });
});

test('on a full disk no part of the file is left, and the reason is reported', async (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'nbs-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    rmSync(disk, { recursive: true });
    return t.skip('a small disk can be mounted by root only');
  }
  try {
    await assert.rejects(keepFile(asset(false), join(disk, 'a', 'big.bin'), new Uint8Array(4 << 20)), {
      code: 'NBS_ASSET_NOT_KEPT',
      status: 507,
      message: /big\.bin cannot be kept at .*: there is no space left on the disk; make room there, or set NBSERVE_CACHE/,
    });
    assert.deepEqual(readdirSync(join(disk, 'a')), []);
    assert.ok(!existsSync(join(disk, 'a', 'big.bin')));
  } finally {
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true, force: true });
  }
});
