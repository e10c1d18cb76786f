/** The option `runtimeEnv`: packages from a registry of the test, the working folder, flags of Node, a file of variables. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Deployment, type DeploymentOptions, isNbserveError, type RuntimeEnvOptions, serve } from 'nbserve';
import { listLocalClusters } from '../../dist/engine/index.js';
import { killAndAwaitSuccessor } from '../fixtures/cluster-processes.js';
import { NpmRegistry } from '../fixtures/npm-registry.js';
import { until } from '../fixtures/wait.js';

const BIN = fileURLToPath(new URL('../../bin/nbserve.js', import.meta.url));
const NBSERVE = fileURLToPath(new URL('../..', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'nbt-runtime-'));
const cache = join(root, 'cache');
const environments = join(cache, `environments-${process.getuid?.()}`);
const registry = new NpmRegistry();

/** A module whose replicas tell what they see. */
const APP = `
import { serve } from 'nbserve';
import old from 'tiny';
import { createRequire } from 'node:module';
export const Seen = serve.deployment(class Seen {
  async load(name) { return (await import(name)).default; }
  async loaded() { return [old, (await import('tiny')).default, require('tiny'), (await import('not-local')).default]; }
  facts() { return { cwd: process.cwd(), flags: process.execArgv, pid: process.pid }; }
  variable(name) { return process.env[name] ?? null; }
});
`;

interface Seen {
  load(name: string): Promise<string>;
  loaded(): Promise<string[]>;
  facts(): { cwd: string; flags: string[]; pid: number };
  variable(name: string): string | null;
}

let Seen: Deployment<Seen, []>;

before(async () => {
  await registry.listen();
  registry
    .add('tiny', '1.0.0', { files: { 'index.js': "module.exports = 'tiny 1.0.0';" } })
    .add('tiny', '2.0.0', { files: { 'index.js': "module.exports = 'tiny 2.0.0';" } })
    .add('not-local', '1.0.0', {
      manifest: { type: 'module', exports: './main.js', dependencies: { '@test/inner': '^1.0.0' } },
      files: { 'main.js': "import inner from '@test/inner'; export default `not-local with ${inner}`;" },
    })
    .add('@test/inner', '1.2.0', { files: { 'index.js': "module.exports = 'inner 1.2.0';" } })
    .add('scripted', '1.0.0', {
      manifest: { scripts: { install: 'touch ran', postinstall: 'touch ran' } },
      files: { 'index.js': "module.exports = require('node:fs').existsSync(__dirname + '/ran') ? 'ran' : 'did not run';" },
    })
    .add('slow', '1.0.0', { files: { 'index.js': "module.exports = 'slow';" } });
  mkdirSync(join(root, 'node_modules', 'tiny'), { recursive: true });
  symlinkSync(NBSERVE, join(root, 'node_modules', 'nbserve'));
  writeFileSync(join(root, 'node_modules', 'tiny', 'package.json'), '{"name":"tiny","version":"0.1.0"}');
  writeFileSync(join(root, 'node_modules', 'tiny', 'index.js'), "module.exports = 'the local tiny';");
  writeFileSync(
    join(root, 'app.mjs'),
    `import { createRequire as make } from 'node:module'; const require = make(import.meta.url);${APP}`,
  );
  Object.assign(process.env, {
    NBSERVE_CACHE: cache,
    npm_config_registry: registry.url,
    npm_config_cache: join(root, 'npm-cache'),
    npm_config_fetch_retries: '0',
  });
  ({ Seen } = (await import(pathToFileURL(join(root, 'app.mjs')).href)) as { Seen: typeof Seen });
  await serve.start({ port: 0, spareReplicas: 1 });
});
after(async () => {
  await serve.shutdown();
  await registry.close();
  rmSync(root, { recursive: true });
});

const run = (name: string, runtimeEnv: RuntimeEnvOptions, options: DeploymentOptions = {}) =>
  serve.run(Seen.options({ ...options, runtimeEnv }).bind(), { name, routePrefix: null });
const statusOf = async (name: string) => (await serve.status()).applications[name];
const folders = () => readdirSync(environments).filter((name) => !name.includes('.'));

test('packages of a deployment are found before those of the folder, and replicas share one folder', async () => {
  const handle = await run('packages', { npm: ['tiny@2.0.0', 'not-local@^1'] }, { numReplicas: 2 });
  assert.deepEqual(await handle.loaded.remote(), ['tiny 2.0.0', 'tiny 2.0.0', 'the local tiny', 'not-local with inner 1.2.0']);
  assert.equal(folders().length, 1);
  const asked = registry.asked.length;
  await run('same', { npm: { 'not-local': '^1', tiny: '2.0.0' } });
  assert.equal(registry.asked.length, asked);
  const plain = await serve.run(Seen.bind(), { name: 'plain', routePrefix: null });
  assert.equal(await plain.load.remote('tiny'), 'the local tiny');
});

test('no script of a package runs', async () => {
  const handle = await run('scripts', { npm: ['scripted'] });
  assert.equal(await handle.load.remote('scripted'), 'did not run');
});

for (const [npm, code] of [
  [['not-there@1.0.0'], 'E404'],
  [['tiny@9.9.9'], 'ETARGET'],
] as const) {
  test(`a failing install is a failed deployment, with what npm says: ${code}`, async () => {
    await assert.rejects(
      run('failing', { npm }),
      (error) =>
        isNbserveError(error) &&
        error.code === 'NBS_DEPLOY_FAILED' &&
        error.message.includes(`npm could not install ${npm[0]}: ${code}\n`) &&
        /404 Not Found|No matching version found for tiny@9\.9\.9/.test(error.message),
    );
    const status = await statusOf('failing');
    assert.equal(status?.status, 'DEPLOY_FAILED');
    assert.match(status?.message ?? '', new RegExp(code));
    const asked = registry.asked.length;
    // The next round of this cluster: nothing is tried again.
    await run('after', {});
    assert.equal(registry.asked.length, asked);
    assert.ok(!readdirSync(environments).some((name) => name.endsWith('.new')));
    await serve.delete('failing');
  });
}

test('the old version goes on if the packages of the new one cannot be installed', async () => {
  const handle = await run('kept', { npm: ['tiny@1.0.0'] });
  await assert.rejects(run('kept', { npm: ['tiny@1.0.0', 'not-there'] }), /E404/);
  assert.equal(await handle.load.remote('tiny'), 'tiny 1.0.0');
  assert.equal((await statusOf('kept'))?.status, 'RUNNING');
});

test('while npm runs, the status says so; a second cluster waits for the same install', async () => {
  let release = (): void => {};
  registry.held = new Promise((resolve) => (release = resolve));
  const first = run('slow', { npm: ['slow'] });
  await until(async () => /installs slow@latest with npm/.test(JSON.stringify(await statusOf('slow'))));
  await until(() => registry.asked.some((path) => path.endsWith('.tgz') && path.includes('slow')));
  writeFileSync(
    join(root, 'slow.ts'),
    "import { serve } from 'nbserve';\nexport const app = serve.deployment(class A { async fetch() { return (await import('slow')).default; } }, { runtimeEnv: { npm: ['slow'] } }).bind();\n",
  );
  const other = spawn(process.execPath, [BIN, 'run', 'slow.ts:app', '--port', 'auto'], { cwd: root });
  let output = '';
  other.stdout.on('data', (data) => (output += String(data)));
  other.stderr.on('data', (data) => (output += String(data)));
  const ended = once(other, 'exit');
  try {
    await until(() => /installs slow@latest with npm/.test(output));
    release();
    const url = await until(() => / runs at (\S+)/.exec(output)?.[1]);
    assert.equal(await (await fetch(url)).text(), 'slow');
    assert.equal(await (await first).load.remote('slow'), 'slow');
    assert.equal(registry.asked.filter((path) => path === '/slow').length, 1);
  } finally {
    release();
    other.kill('SIGINT');
    await ended;
  }
});

test('an install that was killed half-way begins again', async () => {
  let release = (): void => {};
  registry.held = new Promise((resolve) => (release = resolve));
  registry.add('killed', '1.0.0', { files: { 'index.js': "module.exports = 'killed';" } });
  const running = run('killed', { npm: ['killed'] });
  await until(() => registry.asked.some((path) => path.endsWith('.tgz') && path.includes('killed')));
  const { dir } = listLocalClusters()[0] ?? assert.fail();
  await killAndAwaitSuccessor(dir, 'controller');
  release();
  // The next controller goes on with the application, although the caller of serve.run may have lost the first one.
  await running.catch(() => {});
  await until(async () => (await statusOf('killed').catch(() => undefined))?.status === 'RUNNING');
  assert.equal(await (await serve.getAppHandle<typeof Seen>('killed')).load.remote('killed'), 'killed');
  assert.ok(!readdirSync(environments).some((name) => name.endsWith('.new') || name.endsWith('.lock')));
});

test('an emptied cache is filled again', async () => {
  const handle = await run('emptied', { npm: ['tiny@2.0.0', 'not-local@^1'] });
  const { pid } = await handle.facts.remote();
  rmSync(environments, { recursive: true });
  process.kill(pid, 'SIGKILL');
  await until(async () => (await handle.facts.remote()).pid !== pid);
  assert.equal((await handle.loaded.remote())[1], 'tiny 2.0.0');
});

test('a package.json with its lock decides the versions', async () => {
  const folder = join(root, 'locked');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies: { tiny: '^1.0.0', 'not-local': '*' } }));
  await new Promise<void>((resolve, reject) =>
    execFile('npm', ['install', '--package-lock-only'], { cwd: folder }, (error) => (error ? reject(error) : resolve())),
  );
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ scripts: { install: 'exit 1' }, dependencies: { tiny: '^1.0.0', 'not-local': '*' } }),
  );
  registry.add('tiny', '1.5.0', { files: { 'index.js': "module.exports = 'tiny 1.5.0';" } });
  const handle = await run('locked', { npm: './locked/package.json' });
  assert.equal((await handle.loaded.remote())[1], 'tiny 1.0.0');
});

test('the working folder, the flags of Node and the file of variables arrive', async () => {
  mkdirSync(join(root, 'data'));
  writeFileSync(join(root, 'secret.env'), '# a file\nFROM_FILE="a value"\nBOTH=file\nHOME=/elsewhere\n');
  const runtimeEnv = { workingDir: './data', nodeFlags: ['--max-old-space-size=512', '--expose-gc'], envFile: './secret.env' };
  const handle = await run('process', runtimeEnv, { env: { BOTH: 'option' } });
  const { cwd, flags } = await handle.facts.remote();
  assert.deepEqual([cwd, flags], [join(root, 'data'), runtimeEnv.nodeFlags]);
  const seen = await Promise.all(['FROM_FILE', 'BOTH', 'HOME'].map((name) => handle.variable.remote(name)));
  assert.deepEqual(seen, ['a value', 'option', '/elsewhere']);
  assert.doesNotMatch(JSON.stringify(await serve.status()), /a value/);
});

for (const [runtimeEnv, words] of [
  [{ workingDir: './missing' }, /runtimeEnv\.workingDir: .*\/missing does not exist/],
  [{ workingDir: './app.mjs' }, /is not a folder/],
  [{ envFile: './missing.env' }, /runtimeEnv\.envFile: ENOENT/],
  [{ npm: './missing/package.json' }, /runtimeEnv\.npm: ENOENT/],
] as const) {
  test(`what is not there is refused at serve.run: ${JSON.stringify(runtimeEnv)}`, async () => {
    await assert.rejects(
      run('refused', runtimeEnv),
      (error) => isNbserveError(error) && error.code === 'NBS_RUNTIME_ENV' && words.test(error.message),
    );
  });
}
