/** The option `runtimeEnv`: packages from a registry of the test, the working folder, flags of Node, a file of variables. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Deployment, type DeploymentOptions, isNbserveError, type RuntimeEnvOptions, serve } from 'nbserve';
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
  writeFileSync(join(root, 'app.mjs'), `import { createRequire as make } from 'node:module'; const require = make(import.meta.url);${APP}`);
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
