/** A node of another machine on which nbserve is in another folder, and which has none of the head's files but those of the user's code. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isNbserveError, serve } from 'nbserve';
import { onnx } from 'nbserve/onnx';
import { listLocalClusters } from '../../dist/engine/index.js';
import { CommandFolder } from '../fixtures/command-folder.js';
import { headOf, Machine } from '../fixtures/machine.js';
import { rowsElsewhere, Tiny } from '../fixtures/machine-apps.js';
import { NpmRegistry } from '../fixtures/npm-registry.js';
import { writeScale } from '../fixtures/small-models.js';
import { until } from '../fixtures/wait.js';

const net = `127.${1 + ((process.pid >> 8) % 254)}.${process.pid % 256}`;
const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'nbse-'));
const cacheThere = join(folder, 'cache-there');
const commands = new CommandFolder();
const other = new Machine(`${net}.3`, 'other');
const registry = await new NpmRegistry().listen();
registry.add('tiny', '2.0.0', { files: { 'index.js': "module.exports = 'tiny 2.0.0';" } });

before(async () => {
  const there = join(folder, 'opt', 'nbserve');
  mkdirSync(there, { recursive: true });
  for (const name of ['bin', 'dist', 'protos', 'package.json'])
    cpSync(join(PACKAGE, name), join(there, name), { recursive: true });
  symlinkSync(join(PACKAGE, 'node_modules'), join(there, 'node_modules'));
  symlinkSync(join(PACKAGE, '..', 'node_modules'), join(folder, 'opt', 'node_modules'));
  Object.assign(process.env, {
    NBSERVE_CACHE: join(folder, 'cache-here'),
    npm_config_registry: registry.url,
    npm_config_cache: join(folder, 'npm-cache'),
    npm_config_fetch_retries: '0',
  });
  // Whatever asks for a processor runs on the other machine.
  await serve.start({ port: 0, machines: { host: `${net}.2` }, resources: { cpu: 0 } });
  const dir = listLocalClusters()[0]?.dir as string;
  const head = await headOf(commands, dir);
  other.join(head, [], { bin: join(there, 'bin', 'nbserve.js'), env: { NBSERVE_CACHE: cacheThere } });
  await commands.output(['node', 'admit', await other.fingerprint, '--name', 'other', '--address', dir]);
  await until(async () => (await serve.status()).nodes.some(({ id, alive }) => id === 'other' && alive));
});

after(async () => {
  await serve.shutdown();
  await other.end();
  await registry.close();
  await commands.remove();
  rmSync(folder, { recursive: true, force: true });
});

test('functions of a data set run there', async () => {
  const rows = await rowsElsewhere.takeAll();
  assert.deepEqual(
    rows.map(({ id, machine }) => [id, machine]),
    [0, 1, 2, 3].map((id) => [id, 'other']),
  );
});

test('a model is served from there', async () => {
  const [scale] = await onnx.serve(writeScale(join(folder, 'scale.onnx'), 3), { deployment: { resources: { cpu: 1 } } });
  assert.deepEqual([...((await scale?.run({ x: onnx.tensor([[1, 2]]) }))?.y?.data ?? [])], [3, 6]);
  const { deployments } = (await serve.status()).applications.scale ?? {};
  assert.equal(Object.values(deployments ?? {})[0]?.replicas[0]?.node, 'other');
  await serve.delete('scale');
});

test('a model whose file is not there is refused, with what to do', async () => {
  // A path to the same file that only this process has.
  const path = `/proc/self/task/${process.pid}/root${writeScale(join(folder, 'here.onnx'), 3)}`;
  await assert.rejects(onnx.serve(path, { deployment: { resources: { cpu: 1 } } }), (error: Error) =>
    /the model here has no file \S+here\.onnx on the machine .*shared folder/.test(error.message),
  );
  await serve.delete('here').catch(() => {});
});

test('packages of a deployment are installed there', async () => {
  const handle = await serve.run(Tiny.options({ runtimeEnv: { npm: ['tiny@2.0.0'] } }).bind(), {
    name: 'tiny',
    routePrefix: null,
  });
  const { machine, tiny } = await handle.where.remote();
  assert.deepEqual([machine, tiny], ['other', 'tiny 2.0.0']);
  assert.equal(readdirSync(cacheThere).filter((name) => name.startsWith('environments-')).length, 1);
  await serve.delete('tiny');
});

test('a working folder that is not there is an error that says where', async () => {
  // Both machines have the same files here, so it is one that only this process has.
  const workingDir = `/proc/self/task/${process.pid}`;
  const running = serve.run(Tiny.options({ runtimeEnv: { workingDir } }).bind(), { name: 'folder', routePrefix: null });
  await assert.rejects(
    running,
    (error) => isNbserveError(error) && error.message.includes(`the machine of node other (${net}.3)`),
  );
});
