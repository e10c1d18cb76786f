import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from 'nbserve';
import { onnx } from 'nbserve/onnx';
import { hello } from '../fixtures/apps.js';
import { writeLookup, writeRoot, writeScale, writeSlow, writeSum } from '../fixtures/small-models.js';
import { until } from '../fixtures/wait.js';

const folder = mkdtempSync(join(tmpdir(), 'nbs-inference-'));
const repository = join(folder, 'repository');
const at = (path: string): string => join(folder, path);
let base = '';

before(async () => {
  await serve.start({ port: 0 });
  base = (await serve.status()).url;
});
after(async () => {
  await serve.shutdown();
  rmSync(folder, { recursive: true });
});

type Body = Readonly<Record<string, unknown>>;

async function ask(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST') {
  const response = await fetch(new URL(path, base), {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Body };
}

async function infer(model: string, data: readonly unknown[], { name = 'x', datatype = 'FP32', shape = [1, data.length] } = {}) {
  const { status, body } = await ask(`/v2/models/${model}/infer`, {
    inputs: [{ name, datatype, shape, data }],
  });
  const [output] = (body.outputs ?? []) as { data: number[] }[];
  return {
    status,
    data: output?.data,
    version: body.model_version,
    code: body.code,
    error: body.error,
  };
}

test('a file is served by its name, and a handle and a client get the same', async () => {
  const [scale] = await onnx.serve(writeScale(at('scale.onnx'), 3), {
    replicas: 2,
  });
  assert.deepEqual([scale?.name, scale?.versions, scale?.url], ['scale', ['1'], new URL('/v2/models/scale', base).href]);
  assert.deepEqual((await infer('scale', [1, 2])).data, [3, 6]);
  assert.deepEqual([...((await scale?.run({ x: onnx.tensor([[1, 2]]) }))?.y?.data ?? [])], [3, 6]);
  const { applications } = await serve.status();
  assert.equal(applications.scale?.deployments.OnnxModel?.replicas.length, 2);
  assert.deepEqual((await ask('/v2/health/ready')).body, { ready: true });
  const openapi = (await ask('/v2/openapi.json')).body as { paths: Body };
  assert.ok('/v2/models/scale/infer' in openapi.paths);
});

test('requests at the same time are joined, also if their lengths differ, and one that fails does not fail the others', async () => {
  await onnx.serve(writeLookup(at('lookup.onnx')), {
    batchWaitTimeout: '50ms',
  });
  const look = (index: number) => infer('lookup', [index], { name: 'at', datatype: 'INT64', shape: [1] });
  const answers = await Promise.all([look(0), look(1), look(9), look(1)]);
  assert.deepEqual(
    answers.map(({ data }) => data),
    [[5], [7], undefined, [7]],
  );
  assert.deepEqual([answers[2]?.status, answers[2]?.code], [422, 'NBS_OIP_CANNOT_COMPUTE']);
  assert.match(String(answers[2]?.error), /out of data bounds/);
  assert.doesNotMatch(String(answers[2]?.error), /\.cc|\/onnxruntime/);
  const { model_stats: stats } = (await ask('/v2/models/lookup/stats')).body as {
    model_stats: { inference_count: number; execution_count: number }[];
  };
  assert.equal(stats[0]?.inference_count, 3);

  const lengths = [1, 2, 3, 1];
  const rows = await Promise.all(lengths.map((length) => infer('scale', new Array<number>(length).fill(2))));
  assert.deepEqual(
    rows.map(({ data }) => data),
    lengths.map((length) => new Array<number>(length).fill(6)),
  );
});

test('requests are not joined along a dimension that may be no batch', async () => {
  await onnx.serve(writeSum(at('sum.onnx')), { batchWaitTimeout: '50ms' });
  const answers = await Promise.all([1, 2, 3].map((value) => infer('sum', [value], { shape: [1, 1] })));
  assert.deepEqual(
    answers.map(({ data }) => data),
    [[1], [2], [3]],
  );
  assert.equal((await ask('/v2/models/sum/config')).body.max_batch_size, 0);
  // Its first dimension is a time, so a request of three steps is one inference too.
  assert.deepEqual((await infer('sum', [1, 2, 3], { shape: [3, 1] })).data, [6, 6, 6]);
  const { model_stats: stats } = (await ask('/v2/models/sum/stats')).body as {
    model_stats: { inference_count: number; batch_stats: { batch_size: number }[] }[];
  };
  assert.equal(stats[0]?.inference_count, 4);
  assert.deepEqual(
    stats[0]?.batch_stats.map(({ batch_size: size }) => size),
    [1],
  );
});

test('a model that mixes rows is not batched, though it is asked for', async () => {
  await onnx.serve(at('sum.onnx'), { name: 'mixes', maxBatchSize: 8, batchWaitTimeout: '50ms' });
  const answers = await Promise.all([1, 2, 3].map((value) => infer('mixes', [value], { shape: [1, 1] })));
  assert.deepEqual(
    answers.map(({ data }) => data),
    [[1], [2], [3]],
  );
  assert.equal((await ask('/v2/models/mixes/config')).body.max_batch_size, 0);
});

test('a body can be the bytes of the only input', async () => {
  const send = (body: Uint8Array<ArrayBuffer>) =>
    fetch(new URL('/v2/models/scale/infer', base), {
      method: 'POST',
      headers: { 'Inference-Header-Content-Length': '0' },
      body,
    });
  const response = await send(new Uint8Array(Float32Array.of(1, 2).buffer));
  const bytes = await response.arrayBuffer();
  const length = Number(response.headers.get('inference-header-content-length'));
  assert.deepEqual([...new Float32Array(bytes.slice(length))], [3, 6]);
  const refused = await send(new Uint8Array(3));
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /multiple of 4 bytes/);
});

test('a result that JSON cannot hold is refused, and is there as bytes', async () => {
  await onnx.serve(writeRoot(at('root.onnx')));
  const refused = await infer('root', [4, -1]);
  assert.deepEqual([refused.status, refused.code], [422, 'NBS_OIP_NOT_IN_JSON']);
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [4, -1] }];
  const response = await fetch(new URL('/v2/models/root/infer', base), {
    method: 'POST',
    body: JSON.stringify({ inputs, parameters: { binary_data_output: true } }),
  });
  const bytes = await response.arrayBuffer();
  const length = Number(response.headers.get('inference-header-content-length'));
  assert.deepEqual([...new Float32Array(bytes.slice(length))], [2, Number.NaN]);
});

test("a folder in Triton's layout: configuration, versions, loading and unloading", async () => {
  for (const version of [1, 2, 3]) writeScale(join(repository, `many/${version}/model.onnx`), version);
  writeFileSync(
    join(repository, 'many/config.pbtxt'),
    'platform: "onnxruntime_onnx" max_batch_size: 4 version_policy { latest { num_versions: 2 } }',
  );
  writeScale(join(repository, 'plain/7/net.onnx'), 10);
  writeFileSync(join(repository, 'plain/config.yaml'), 'default_model_filename: net.onnx\ninstance_group: [{ count: 2 }]\n');
  const served = await onnx.serve(repository);
  assert.deepEqual(
    served.map(({ name, versions }) => [name, versions]),
    [
      ['many', ['2', '3']],
      ['plain', ['7']],
    ],
  );
  assert.deepEqual((await infer('many', [1])).data, [3]);
  assert.deepEqual((await infer('many/versions/2', [1])).data, [2]);
  const old = await infer('many/versions/1', [1]);
  assert.deepEqual(
    [old.status, old.code, old.error],
    [404, 'NBS_OIP_NO_VERSION', 'the model many has no version 1; its versions are: 2, 3'],
  );
  assert.equal((await ask('/v2/models/many/config')).body.max_batch_size, 4);
  assert.equal((await serve.status()).applications.plain?.deployments.OnnxModel?.numReplicas, 2);

  assert.equal((await ask('/v2/repository/models/many/unload', {})).status, 200);
  const gone = await infer('many', [1]);
  assert.deepEqual([gone.status, gone.code], [404, 'NBS_OIP_NO_MODEL']);
  writeScale(join(repository, 'many/4/model.onnx'), 4);
  assert.equal((await ask('/v2/repository/models/many/load', {})).status, 200);
  assert.deepEqual(await infer('many', [1]), {
    status: 200,
    data: [4],
    version: '4',
    code: undefined,
    error: undefined,
  });
  const index = (await ask('/v2/repository/index', { ready: true })).body as unknown as { name: string; version: string }[];
  assert.deepEqual(
    index.filter(({ name }) => name === 'many').map(({ version }) => version),
    ['3', '4'],
  );

  const config = JSON.stringify({ max_batch_size: 2, default_model_filename: 'net.onnx' });
  assert.equal((await ask('/v2/repository/models/plain/load', { parameters: { config } })).status, 200);
  assert.equal((await ask('/v2/models/plain/config')).body.max_batch_size, 2);
  assert.equal((await serve.status()).applications.plain?.deployments.OnnxModel?.numReplicas, 2);
  const files = await ask('/v2/repository/models/plain/load', { parameters: { 'file:1/model.onnx': '' } });
  assert.deepEqual([files.status, files.body.code], [400, 'NBS_OIP_BAD_REQUEST']);

  // A model that cannot be loaded leaves the running version as it is.
  writeFileSync(join(repository, 'many/4/model.onnx'), 'version https://git-lfs.github.com/spec/v1\n');
  const broken = await ask('/v2/repository/models/many/load', {});
  assert.deepEqual([broken.status, broken.body.code], [400, 'NBS_OIP_LOAD_FAILED']);
  assert.deepEqual((await infer('many', [1])).data, [4]);
});

/** Time of the processor that a process has used, in hundredths of a second. */
function cpuTicks(pid: number | null | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

test('a run for several clients ends when all of them have left', async () => {
  await onnx.serve(writeSlow(at('slow.onnx')), { batchWaitTimeout: '50ms', warmup: false });
  const leave = new AbortController();
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 1, 1], data: [1] }];
  const body = JSON.stringify({ inputs });
  const url = new URL('/v2/models/slow/infer', base);
  const answers = [1, 2].map(() => fetch(url, { method: 'POST', body, signal: leave.signal }));
  // Nothing but a run uses so much time of the processor: half a second.
  const [replica] = (await serve.status()).applications.slow?.deployments.OnnxModel?.replicas ?? [];
  const idle = cpuTicks(replica?.pid);
  await until(() => cpuTicks(replica?.pid) > idle + 50);
  leave.abort();
  assert.deepEqual(
    (await Promise.allSettled(answers)).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  type Stats = {
    readonly model_stats: readonly { readonly inference_stats: Readonly<Record<string, { readonly count: number }>> }[];
  };
  const counts = async () => {
    const { model_stats: stats } = (await ask('/v2/models/slow/stats')).body as unknown as Stats;
    return ['success', 'fail'].map((kind) => stats[0]?.inference_stats[kind]?.count);
  };
  await until(async () => (await counts())[1] === 2);
  assert.deepEqual(await counts(), [0, 2]);
});

test('two versions share a route by serve.traffic', async () => {
  await onnx.serve(writeScale(at('v2.onnx'), 100), {
    name: 'scale',
    version: 2,
    application: 'scale-2',
    route: false,
  });
  await serve.traffic('/v2/models/scale', { scale: 0.5, 'scale-2': 0.5 });
  const answers = await Promise.all(Array.from({ length: 20 }, () => infer('scale', [1])));
  assert.deepEqual([...new Set(answers.map(({ version, data }) => `${version} ${data}`))].sort(), ['1 3', '2 100']);
  await serve.traffic('/v2/models/scale', null);
});

test('what cannot be served is told with its reason', async () => {
  writeFileSync(at('broken.onnx'), 'no model');
  await serve.run(hello.bind(), {
    name: 'taken',
    routePrefix: '/taken',
  });
  const wrong: readonly (readonly [string, object, string])[] = [
    [at('nowhere.onnx'), {}, 'NBS_OIP_NO_MODELS'],
    [tmpdir(), {}, 'NBS_OIP_NO_MODELS'],
    [at('broken.onnx'), {}, 'NBS_ONNX_INVALID_MODEL'],
    [at('scale.onnx'), { name: 'a/b' }, 'NBS_OIP_MODEL_NAME'],
    [at('scale.onnx'), { name: 'stats' }, 'NBS_OIP_MODEL_NAME'],
    [at('scale.onnx'), { name: 'modèle' }, 'NBS_OIP_MODEL_NAME'],
    [at('scale.onnx'), { name: 'taken' }, 'NBS_OIP_NAME_TAKEN'],
    [at('scale.onnx'), { batch: 5 }, 'NBS_UNKNOWN_OPTION'],
    [at('scale.onnx'), { maxBatchSize: -1 }, 'NBS_INVALID_OPTION'],
  ];
  for (const [path, options, code] of wrong) await assert.rejects(onnx.serve(path, options), { code }, code);
  const paths = ['/v2/nothing', '/v2/models/none', '/v2/models/none/infer', '/v2/models/scale/nothing'];
  for (const path of paths) {
    const { status, body } = await ask(path);
    assert.ok(status === 404 && typeof body.error === 'string' && String(body.code).startsWith('NBS_OIP_'), path);
  }
});
