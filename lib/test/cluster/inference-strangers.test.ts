import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from 'nbserve';
import { onnx } from 'nbserve/onnx';
import { writeScale } from '../fixtures/small-models.js';

const folder = mkdtempSync(join(tmpdir(), 'nbs-strangers-'));
const repository = join(folder, 'repository');
let base = '';

before(async () => {
  await serve.start({ port: 0 });
  base = (await serve.status()).url;
  await onnx.serve(writeScale(join(folder, 'scale.onnx'), 3));
  writeScale(join(repository, 'many/1/model.onnx'), 2);
  await onnx.serve(repository);
});
after(async () => {
  await serve.shutdown();
  rmSync(folder, { recursive: true });
});

async function ask(path: string, body?: unknown) {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(new URL(path, base), init);
  const answer = (await response.json()) as { error?: string; code?: string };
  return { status: response.status, ...answer };
}
const x = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] };

test('a path whose escapes are wrong is not found', async () => {
  const { status, code } = await ask('/v2/models/scale/versions/%E0%A4%A/infer', { inputs: [x] });
  assert.deepEqual([status, code], [404, 'NBS_OIP_NO_VERSION']);
});

test('an output is asked for once, because a short request could ask for a large answer', async () => {
  const { status, code, error } = await ask('/v2/models/scale/infer', {
    inputs: [x],
    outputs: [{ name: 'y' }, { name: 'y' }],
  });
  assert.deepEqual([status, code], [400, 'NBS_OIP_BAD_REQUEST']);
  assert.match(String(error), /the output y is asked for twice/);
});

test('a load that fails does not tell the folders of the machine', async () => {
  const kept = join(folder, 'kept.onnx');
  renameSync(join(folder, 'scale.onnx'), kept);
  const gone = await ask('/v2/repository/models/scale/load', {});
  writeFileSync(join(folder, 'scale.onnx'), '<html></html>');
  const page = await ask('/v2/repository/models/scale/load', {});
  renameSync(kept, join(folder, 'scale.onnx'));
  writeFileSync(join(repository, 'many/config.pbtxt'), 'name: "other"');
  const config = await ask('/v2/repository/models/many/load', {});
  rmSync(join(repository, 'many/config.pbtxt'));
  renameSync(join(repository, 'many/1/model.onnx'), kept);
  const version = await ask('/v2/repository/models/many/load', {});
  renameSync(kept, join(repository, 'many/1/model.onnx'));
  for (const { status, code, error = '' } of [gone, page, config, version]) {
    assert.deepEqual([status, code], [400, 'NBS_OIP_LOAD_FAILED'], error);
    assert.doesNotMatch(error, /nbs-strangers|\/tmp/);
  }
  assert.match(String(page.error), /scale\.onnx is not an ONNX model .*: it is a web page/);
  assert.match(String(config.error), /many\/config\.pbtxt is not a configuration .*: its name is other/);
  assert.equal((await ask('/v2/models/scale/infer', { inputs: [x] })).status, 200);
  const parameters = await ask('/v2/repository/models/scale/load', {
    parameters: [1],
  });
  assert.deepEqual([parameters.status, parameters.code], [400, 'NBS_OIP_BAD_REQUEST']);
});

test('a model that was served with the model control mode none is neither loaded nor unloaded by clients', async () => {
  await onnx.serve(writeScale(join(folder, 'fixed.onnx'), 3), { modelControlMode: 'none' });
  for (const change of ['load', 'unload']) {
    const { status, code } = await ask(`/v2/repository/models/fixed/${change}`, {});
    assert.deepEqual([status, code], [403, 'NBS_OIP_CONTROL_REFUSED'], change);
  }
  assert.equal((await ask('/v2/models/fixed/infer', { inputs: [x] })).status, 200);
});

test('two unloads at the same time both succeed', async () => {
  const unload = () => ask('/v2/repository/models/scale/unload', {});
  const answers = await Promise.all([unload(), unload()]);
  assert.deepEqual(
    answers.map(({ status, error }) => error ?? status),
    [200, 200],
  );
  assert.equal((await ask('/v2/repository/models/scale/load', {})).status, 200);
  assert.equal((await ask('/v2/models/scale/infer', { inputs: [x] })).status, 200);
});

test('an unload that comes directly after a load has an effect, and the load says that it had none', async () => {
  type Named = { modelName: string };
  type Changes = { repositoryModelLoad(named: Named): unknown; repositoryModelUnload(named: Named): unknown };
  // Two requests by HTTP may arrive in the other order.
  const repository = await serve.getAppHandle<Changes>('models');
  const scale = { modelName: 'scale' };
  const load = () => repository.repositoryModelLoad.remote(scale);
  const unload = () => repository.repositoryModelUnload.remote(scale);
  await unload();
  const loading = assert.rejects(load(), { code: 'NBS_OIP_LOAD_FAILED', message: /it was unloaded before it was ready/ });
  await Promise.all([loading, unload()]);
  assert.equal((await ask('/v2/models/scale/infer', { inputs: [x] })).status, 404);
  await Promise.all([load(), load()]);
  assert.equal((await ask('/v2/models/scale/infer', { inputs: [x] })).status, 200);
  const applications = Object.keys((await serve.status()).applications);
  await Promise.all([unload(), load()]);
  assert.deepEqual(Object.keys((await serve.status()).applications).sort(), applications.sort());
  assert.equal((await ask('/v2/models/scale/infer', { inputs: [x] })).status, 200);
});

/** The processes that change a model. */
const changing = (model: string): number =>
  readdirSync('/proc').filter((pid) => {
    try {
      const command = /^\d+$/.test(pid) ? readFileSync(join('/proc', pid, 'cmdline'), 'utf8') : '';
      return command.includes('change-main.js') && command.includes(`"${model}"`);
    } catch {
      return false;
    }
  }).length;

test('loads that many clients ask for at the same time take few processes', async () => {
  await onnx.serve(writeScale(join(folder, 'crowded.onnx'), 3));
  let isDone = false;
  const loads = Promise.all(Array.from({ length: 12 }, () => ask('/v2/repository/models/crowded/load', {}))).finally(() => {
    isDone = true;
  });
  let most = 0;
  while (!isDone) {
    most = Math.max(most, changing('crowded'));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await loads;
  assert.ok(most > 0 && most <= 8, `${most} processes`);
  const x3 = await ask('/v2/models/crowded/infer', { inputs: [x] });
  assert.equal(x3.status, 200);
});
