import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { serve } from 'nbserve';
import { onnx } from 'nbserve/onnx';
import { modelFolder } from '../fixtures/chat-model.js';
import { until } from '../fixtures/wait.js';
import { MNIST, OnWebgpu, SentencesOnWebgpu, Verified } from '../fixtures/webgpu-app.js';

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

after(() => serve.shutdown());

const replicas = async () => {
  const found = (await serve.status()).applications.webgpu?.deployments.OnWebgpu?.replicas ?? [];
  return found.filter(({ state }) => state === 'RUNNING');
};

/** The environment with the driver; null, and the test is skipped, if it cannot be had. */
async function driverOf(context: TestContext): Promise<Readonly<Record<string, string>> | null> {
  const { softwareVulkan } = (await import(pathToFileURL(fromRoot('ci/software-vulkan.mjs')).href)) as {
    softwareVulkan: () => Readonly<Record<string, string>>;
  };
  try {
    return softwareVulkan();
  } catch (error) {
    context.skip(`software Vulkan cannot be set up: ${(error as Error).message}`);
    return null;
  }
}

test('two replicas share a GPU, and compute on it what the CPU computes; a killed one frees its share', async (context) => {
  const env = await driverOf(context);
  if (env === null) return;
  await serve.start({ port: 0, numGpus: 1 });
  const app = OnWebgpu.options({ numReplicas: 2, resources: { gpu: 0.5 }, env });
  const handle = await serve.run(app.bind(), { name: 'webgpu', routePrefix: null });
  const pictures = onnx.tensor(
    Float32Array.from({ length: 3 * 784 }, (_, i) => ((i * 31) % 97) / 97),
    [3, 1, 28, 28],
  );
  const cpu = await onnx.load(MNIST, { device: 'cpu' });
  const expected = (await cpu.run(pictures)).logits?.data as Float32Array;
  await cpu.dispose();
  const check = async () => {
    const pids = new Set<number>();
    await until(async () => {
      const { pid, gpu, logits } = await handle.logits.remote(pictures);
      assert.equal(gpu, '0');
      assert.equal(logits.length, expected.length);
      for (const [i, value] of logits.entries()) assert.ok(Math.abs(value - (expected[i] as number)) < 1e-4, `${i}: ${value}`);
      return pids.add(pid).size === 2;
    });
  };
  await check();
  const both = await replicas();
  assert.equal(both.length, 2);
  for (const { models } of both)
    assert.deepEqual(
      models?.map(({ name, device, requested }) => ({ name, device, requested })),
      [{ name: 'mnist', device: 'webgpu (software Vulkan)', requested: 'webgpu' }],
    );
  const [victim] = both;
  process.kill(victim?.pid as number, 'SIGKILL');
  // The GPU has room for two of them only, so the successor takes the share of the killed one.
  await until(async () => {
    const now = await replicas();
    return now.length === 2 && now.every(({ id }) => id !== victim?.id);
  });
  await check();
});

test('verify refuses a device whose answers are not those of the CPU, and takes one whose answers are', async (context) => {
  const env = await driverOf(context);
  if (env === null) return;
  await serve.start({ port: 0, numGpus: 1 });
  await serve.delete('webgpu').catch(() => {});
  const handle = await serve.run(Verified.options({ resources: { gpu: 1 }, env }).bind(), {
    name: 'verified',
    routePrefix: null,
  });
  try {
    assert.equal(await handle.load.remote(onnx.tensor([0.5, 1])), 'webgpu');
    const refused = /^device webgpu cannot run this model: webgpu computes wrong answers: output y is .* at 0, on the CPU /;
    assert.match(await handle.load.remote(onnx.tensor([1e10, 1])), refused);
    const found = (await handle.diagnose.remote()).find(({ device }) => device === 'webgpu');
    assert.deepEqual([found?.works, found?.agrees, found?.reason], [true, true, 'software Vulkan']);
  } finally {
    await serve.delete('verified');
  }
});

test('a language model runs on it, and gives the answers of the CPU', async (context) => {
  const env = await driverOf(context);
  if (env === null) return;
  const { folder, skip } = modelFolder('minilm-l6-v2');
  if (skip !== false) {
    context.skip(skip);
    return;
  }
  const path = join(folder, 'onnx/model.onnx');
  const ints = (values: readonly number[]): onnx.Tensor => onnx.tensor('int64', [...values], [1, values.length]);
  const feeds = {
    input_ids: ints([101, 7592, 2088, 2003, 102, 0]),
    attention_mask: ints([1, 1, 1, 1, 1, 0]),
    token_type_ids: ints([0, 0, 0, 0, 0, 0]),
  };
  const cpu = await onnx.load(path, { device: 'cpu' });
  const expected = (await cpu.run(feeds)).sentence_embedding?.data as Float32Array;
  await cpu.dispose();
  await serve.start({ port: 0, numGpus: 1 });
  const app = SentencesOnWebgpu.options({ resources: { gpu: 1 }, env });
  await serve.delete('webgpu').catch(() => {});
  const handle = await serve.run(app.bind(path), { name: 'sentences', routePrefix: null });
  const found = await handle.embed.remote(feeds);
  assert.equal(found.length, 384);
  for (const [i, value] of found.entries()) assert.ok(Math.abs(value - (expected[i] as number)) < 1e-4, `${i}: ${value}`);
  const operators = await handle.operators.remote(feeds);
  assert.ok(operators.webgpu?.includes('MatMul'), JSON.stringify(operators));
  assert.ok(operators.cpu?.every((op) => !/MatMul|Softmax|LayerNorm|Gelu/.test(op)) ?? true, JSON.stringify(operators));
  const [replica] = (await serve.status()).applications.sentences?.deployments.SentencesOnWebgpu?.replicas ?? [];
  assert.ok(replica?.models?.every(({ device }) => device === 'webgpu (software Vulkan)'));
});
