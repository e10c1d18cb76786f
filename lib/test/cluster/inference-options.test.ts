/** Options of `onnx.serve` and of `nbserve serve`: which reach the replicas, and which are kept when a client loads a model again. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from 'nbserve';
import { onnx } from 'nbserve/onnx';
import { Chat, hello } from '../fixtures/apps.js';
import { CommandFolder } from '../fixtures/command-folder.js';
import { writeScale, writeSlow } from '../fixtures/small-models.js';
import { until } from '../fixtures/wait.js';

const folder = mkdtempSync(join(tmpdir(), 'nbs-inference-'));
const at = (path: string): string => join(folder, path);
let base = '';

before(async () => {
  await serve.start({ port: 0, numGpus: 2, resources: { custom: { part: 8 } } });
  base = (await serve.status()).url;
});
after(async () => {
  await serve.shutdown();
  rmSync(folder, { recursive: true });
});

async function ask(path: string, method = 'GET') {
  const response = await fetch(new URL(path, base), { method });
  return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
}
const load = (model: string) => ask(`/v2/repository/models/${model}/load`, 'POST');
const unload = (model: string) => ask(`/v2/repository/models/${model}/unload`, 'POST');
const index = async (name: string) => {
  const lines = (await ask('/v2/repository/index', 'POST')).body as unknown as { name: string; version: string; state: string }[];
  return lines.filter((line) => line.name === name).map(({ version, state }) => `${version} ${state}`);
};
const replicasOf = async (application: string) =>
  (await serve.status()).applications[application]?.deployments.OnnxModel?.replicas ?? [];
const freeParts = async () => (await serve.status()).nodes[0]?.free.custom.part;
const freeGpus = async () => (await serve.status()).nodes[0]?.free.gpu;

test('a model that a client loads again has the options of onnx.serve', async () => {
  const repository = at('kept');
  writeScale(join(repository, 'inside/1/model.onnx'), 2);
  const options = { replicas: 2, maxBatchSize: 3, warmup: false, deployment: { resources: { custom: { part: 1 } } } };
  await onnx.serve(writeScale(at('alone.onnx'), 2), { ...options, verify: { x: onnx.tensor([[1]]) } });
  await onnx.serve(repository, options);
  for (const name of ['alone', 'inside']) {
    assert.equal((await unload(name)).status, 200);
    await until(async () => (await replicasOf(name)).length === 0);
    const free = (await freeParts()) ?? 0;
    assert.equal((await load(name)).status, 200);
    assert.equal((await replicasOf(name)).length, 2, name);
    assert.equal((await ask(`/v2/models/${name}/config`)).body.max_batch_size, 3, name);
    assert.equal(await freeParts(), free - 2, name);
    await unload(name);
  }
});

test('the configuration that clients see is what runs, also if the deployment says it', async () => {
  const shown = async (name: string) => (await ask(`/v2/models/${name}/config`)).body.instance_group;
  const deployment = { numReplicas: 2, resources: { gpu: 0.5 } };
  await onnx.serve(writeScale(at('told.onnx'), 2), { device: 'cpu', deployment });
  assert.equal((await replicasOf('told')).length, 2);
  assert.deepEqual(await shown('told'), [{ count: 2, kind: 'KIND_GPU' }]);
  await unload('told');
  await until(async () => (await freeGpus()) === 2);
});

test('an application of the user that has the name of the server of models is refused', async () => {
  const file = writeScale(at('late.onnx'), 2);
  await serve.delete('models');
  await serve.run(hello.bind(), { name: 'models', routePrefix: '/models' });
  await assert.rejects(onnx.serve(file), (error: Error & { code: string }) => {
    assert.equal(error.code, 'NBS_OIP_SERVER_NAME_TAKEN');
    assert.match(error.message, /an application models is running that is not the server of models/);
    return true;
  });
  // While it is being deleted, until its last request ends, it is no longer in the way.
  await serve.delete('models');
  const chat = await serve.run(Chat.bind({ msg: '' }), { name: 'models', routePrefix: '/models' });
  const numbers = chat.count.remote(1e9)[Symbol.asyncIterator]();
  assert.equal((await numbers.next()).value, 1);
  const deleted = serve.delete('models');
  await until(async () => (await serve.status()).applications.models?.status === 'DELETING');
  await onnx.serve(file);
  await numbers.return?.();
  await deleted;
  assert.equal((await ask('/v2/health/ready')).status, 200);
  await unload('late');
});

test('a model that another application serves now is found by gRPC at once', async () => {
  const file = writeScale(at('moved.onnx'), 2);
  await onnx.serve(file, { application: 'first' });
  // All calls of gRPC come by this deployment, which keeps the handles of models.
  const repository = await serve.getAppHandle<{
    modelMetadata(named: { name: string; version: string }): Promise<{ name: string }>;
  }>('models');
  const named = { name: 'moved', version: '' };
  assert.equal((await repository.modelMetadata.remote(named)).name, 'moved');
  await serve.delete('first');
  await onnx.serve(file, { application: 'second' });
  assert.equal((await repository.modelMetadata.remote(named)).name, 'moved');
  await serve.delete('second');
  await assert.rejects(repository.modelMetadata.remote(named), /there is no model "moved"/);
});

test('the number of replicas can follow the load', async () => {
  const autoscaling = { minReplicas: 2, maxReplicas: 3 };
  await onnx.serve(writeScale(at('scaled.onnx'), 2), { deployment: { autoscaling } });
  assert.equal((await replicasOf('scaled')).length, 2);
  await unload('scaled');
  await until(async () => (await replicasOf('scaled')).length === 0);
  assert.equal((await load('scaled')).status, 200);
  assert.equal((await replicasOf('scaled')).length, 2);
  await unload('scaled');
});

test('options that one model has are refused for several, and a folder serves the version that is asked for', async () => {
  const repository = at('several');
  for (const name of ['one', 'two']) writeScale(join(repository, `${name}/1/model.onnx`), 2);
  writeScale(join(repository, 'two/2/model.onnx'), 4);
  for (const options of [{ name: 'both' }, { application: 'both' }, { version: 1 }])
    await assert.rejects(onnx.serve(repository, options), (error: Error & { code: string }) => {
      assert.equal(error.code, 'NBS_INVALID_OPTION');
      assert.match(error.message, /there are several models: one, two/);
      return true;
    });
  const [old] = await onnx.serve(join(repository, 'two'), { version: 1, name: 'first' });
  assert.deepEqual([old?.name, old?.versions], ['first', ['1']]);
  await load('first');
  assert.deepEqual(await index('first'), ['1 READY']);
  await assert.rejects(onnx.serve(join(repository, 'two'), { version: 3 }), /it has no version 3/);
  await unload('first');
});

test('a replica reserves a GPU if it is asked for, or if its device is one', async () => {
  await onnx.serve(writeScale(at('half.onnx'), 2), { gpus: 0.5, device: 'cpu' });
  assert.equal(await freeGpus(), 1.5);
  const [group] = (await ask('/v2/models/half/config')).body.instance_group as { kind: string }[];
  assert.equal(group?.kind, 'KIND_GPU');
  await unload('half');
  // Here no device runs it. It was given a GPU, so that is not the reason.
  const failure = await onnx.serve(at('half.onnx'), { name: 'cuda', device: 'cuda' }).catch((error: Error) => error);
  assert.ok(failure instanceof Error && /cuda/.test(failure.message) && !/was given no GPU/.test(failure.message));
  assert.match(failure.message, /nbserve setup cuda/);
  await unload('cuda');
  await assert.rejects(onnx.serve(at('half.onnx'), { name: 'strict', strict: true }), { code: 'NBS_ONNX_DEVICE_UNAVAILABLE' });
  await unload('strict');
});

test('the server is ready while an old version answers, and not if a model could not be loaded', async () => {
  const file = writeScale(at('again.onnx'), 2);
  await onnx.serve(file);
  const ready = async () => (await ask('/v2/health/ready')).status;
  assert.equal(await ready(), 200);
  // The new file is never ready, because its first run takes minutes.
  writeSlow(file);
  const loading = load('again').catch(() => null);
  await until(async () => (await replicasOf('again')).some(({ state }) => state === 'INITIALIZING'));
  assert.equal(await ready(), 200);
  assert.deepEqual(await index('again'), ['1 READY']);
  assert.equal((await unload('again')).status, 200);
  await loading;

  writeFileSync(at('broken.onnx'), 'no model');
  await assert.rejects(onnx.serve(at('broken.onnx')));
  assert.deepEqual(await index('broken'), [' UNAVAILABLE']);
  assert.equal(await ready(), 503);
  assert.equal((await unload('broken')).status, 200);
  await until(async () => (await ready()) === 200);
});

test('a replica that is blocked does not delay the index and the readiness', async () => {
  await onnx.serve(writeScale(at('blocked.onnx'), 2), { deployment: { healthCheckTimeout: '10m' } });
  const [replica] = await replicasOf('blocked');
  process.kill(replica?.pid as number, 'SIGSTOP');
  try {
    assert.equal((await ask('/v2/health/ready')).status, 200);
    assert.deepEqual(await index('blocked'), ['1 READY']);
    assert.equal((await ask('/v2/models/stats')).status, 200);
  } finally {
    process.kill(replica?.pid as number, 'SIGCONT');
  }
  await unload('blocked');
});

test('a model whose replica is gone is not ready for clients of gRPC, which are told so while the next one starts', async () => {
  const file = writeScale(at('gone.onnx'), 2);
  await onnx.serve(file);
  const repository = await serve.getAppHandle<{
    modelReady(named: { name: string; version: string }): Promise<{ ready: boolean }>;
  }>('models');
  const isReady = async (version = '') => (await repository.modelReady.remote({ name: 'gone', version })).ready;
  assert.deepEqual([await isReady(), await isReady('1'), await isReady('2')], [true, true, false]);
  // The next replica loads this file, whose first run takes minutes.
  writeSlow(file);
  const [replica] = await replicasOf('gone');
  process.kill(replica?.pid as number, 'SIGKILL');
  await until(async () => (await index('gone'))[0] !== '1 READY');
  assert.equal(await isReady(), false);
  await unload('gone');
});

test('the OpenAPI document has all paths of a model', async () => {
  await onnx.serve(writeScale(at('paths.onnx'), 2));
  const { paths } = (await ask('/v2/openapi.json')).body as { paths: object };
  const found = Object.keys(paths).filter((path) => path.startsWith('/v2/models/paths'));
  const below = ['', '/ready', '/config', '/stats', '/infer'];
  assert.deepEqual(
    found,
    ['', '/versions/{version}'].flatMap((version) => below.map((path) => `/v2/models/paths${version}${path}`)),
  );
  for (const path of found.filter((each) => !each.endsWith('/infer')))
    assert.equal((await ask(path.replace('{version}', '1'))).status, 200, path);
  await unload('paths');
});

test('nbserve serve serves a model on a cluster without HTTP', async (t) => {
  const commands = new CommandFolder();
  t.after(() => commands.remove());
  writeScale(join(commands.path, 'one.onnx'), 1);
  await commands.output(['start', '--proxy-location', 'Disabled', '--dashboard-port', 'none']);
  assert.match(await commands.output(['serve', 'one.onnx', '--address', 'auto']), /^one \(version 1\) runs$/m);
});

test('nbserve serve takes several files, and its options reach the replicas', async (t) => {
  const commands = new CommandFolder();
  writeScale(join(commands.path, 'one.onnx'), 1);
  writeScale(join(commands.path, 'two.onnx'), 2);
  t.after(() => rmSync(commands.path, { recursive: true, force: true }));
  const named = await commands.run(['serve', 'one.onnx', 'two.onnx', '--name', 'both']);
  assert.equal(named.code, 2);
  assert.match(named.stderr, /--name is for one model, and there are 2/);

  const options = '--replicas 2 --device cpu --no-warmup --gpus 0.25 --num-gpus 1 --run-in loop --port auto --grpc-port auto';
  const child = commands.start(['serve', 'one.onnx', 'two.onnx', ...options.split(' ')]);
  const ended = once(child, 'exit');
  let output = '';
  child.stdout?.on('data', (text) => (output += String(text)));
  child.stderr?.on('data', (text) => (output += String(text)));
  try {
    const urls = await until(() => {
      const found = [...output.matchAll(/^(one|two) \(version 1\) runs at (\S+) — Ctrl-C ends it$/gm)].map(([, , url]) => url);
      return found.length === 2 && (found as string[]);
    });
    for (const url of urls) {
      const { instance_group: groups } = (await (await fetch(`${url}/config`)).json()) as { instance_group: { count: number }[] };
      assert.equal(groups[0]?.count, 2);
    }
    await until(() => /^gRPC at 127\.0\.0\.1:\d+$/m.test(output));
    const status = await commands.run(['status', '--json']);
    const { nodes, applications } = JSON.parse(status.stdout) as Awaited<ReturnType<typeof serve.status>>;
    assert.deepEqual([nodes[0]?.total.gpu, nodes[0]?.free.gpu], [1, 0]);
    const models = applications.one?.deployments.OnnxModel?.replicas[0]?.models;
    assert.deepEqual(
      models?.map(({ device, requested, place }) => [device, requested, place]),
      [['cpu', 'cpu', 'loop']],
    );
  } finally {
    child.kill('SIGINT');
    await ended;
  }
});
