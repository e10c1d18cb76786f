import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { datasetPath, digitPng, loadMnist, mnistTensor } from 'nbserve/data';
import { type Model, onnx } from 'nbserve/onnx';

const path = datasetPath('mnist/mnist-cnn.onnx');
let model: Model<{ readonly logits: 'float32' }>;
before(async () => {
  model = await onnx.load(path, { device: 'cpu', intraOpThreads: 1, outputs: { logits: 'float32' } });
});
after(() => model.dispose());

test('the committed model reads 98.9 % of the 1,000 committed digits', async () => {
  const { images, labels } = loadMnist();
  const { logits } = await model.run(mnistTensor(images));
  const right = onnx.argmax(logits).filter((digit, i) => digit === labels[i]).length;
  assert.deepEqual([images.length, right], [1000, 989]);
});

test('a model says its inputs, outputs and device', () => {
  assert.deepEqual(model.inputs, [{ name: 'image', type: 'float32', shape: ['batch_size', 1, 28, 28] }]);
  assert.deepEqual(model.outputs, [{ name: 'logits', type: 'float32', shape: ['batch_size', 10] }]);
  assert.equal(model.device, 'cpu');
  assert.match(
    String(model),
    /Model mnist-cnn\.onnx[\s\S]*runs on cpu \(CPUExecutionProvider, ONNX Runtime [\d.]+, 1 thread\); asked for: cpu/,
  );
});

test('a batch has the results of single runs', async () => {
  const feeds = loadMnist({ limit: 20 }).images.map((image) => mnistTensor(image));
  const batch = await model.runBatch(feeds, { maxBatchSize: 8 });
  for (const [i, feed] of feeds.entries()) {
    const alone = await model.run(feed);
    assert.deepEqual(batch[i]?.logits.dims, [1, 10]);
    const difference = alone.logits.data.map((value, at) => Math.abs(value - (batch[i]?.logits.data[at] as number)));
    // Sums may be computed in another order.
    assert.ok(Math.max(...difference) < 1e-4, `digit ${i}: ${Math.max(...difference)}`);
  }
});

test('an uploaded image is read like its pixels', async () => {
  const { images, labels } = loadMnist({ limit: 1 });
  const [image] = images as [Uint8Array];
  const decoded = await onnx.image.decode(digitPng(image), { width: 28, height: 28, channels: 1, mean: 0.1307, std: 0.3081 });
  assert.deepEqual(decoded, mnistTensor(image));
  const [probability] = onnx.unstack(onnx.softmax((await model.run(decoded)).logits));
  assert.ok((probability?.data[labels[0] as number] as number) > 0.99);
});

test('from bytes and from a URL', async () => {
  for (const source of [readFileSync(path), new URL(`file://${path}`)]) {
    const other = await onnx.load(source);
    assert.equal((await other.run(mnistTensor(new Uint8Array(784)))).logits?.dims[1], 10);
    await other.dispose();
  }
});

test('models that cannot be loaded or run have their codes', async () => {
  await assert.rejects(onnx.load('/no/such.onnx'), { code: 'NBS_ONNX_NOT_FOUND', message: 'no model file at /no/such.onnx' });
  await assert.rejects(onnx.load(new URL(import.meta.url)), { code: 'NBS_ONNX_INVALID_MODEL' });
  await assert.rejects(onnx.load(new Uint8Array(8)), { code: 'NBS_ONNX_INVALID_MODEL' });
  await assert.rejects(onnx.load(path, { outputs: { logits: 'int64' } }), {
    code: 'NBS_ONNX_UNKNOWN_OUTPUT',
    message: /its outputs are logits: float32\[batch_size, 10\]/,
  });
  await assert.rejects(onnx.load(path, { device: 'gpu' as 'cuda' }), {
    code: 'NBS_INVALID_OPTION',
    message: /one of auto, cpu, cuda, webgpu/,
  });
  await assert.rejects(onnx.load(path, { extra: { 'session.intra_op.allow_spinning': 0 as unknown as string } }), {
    code: 'NBS_INVALID_OPTION',
  });
  const other = await onnx.load(path, { device: 'cpu' });
  await other.dispose();
  await other.dispose();
  await assert.rejects(other.run(mnistTensor(new Uint8Array(784))), { code: 'NBS_ONNX_DISPOSED' });
});

test('auto always finds a device, and says of each other one why it is not used', async () => {
  const other = await onnx.load(path);
  assert.deepEqual(
    other.report.attempts.map((attempt) => attempt.device),
    ['cuda', 'webgpu', 'cpu'],
  );
  for (const { outcome, reason } of other.report.attempts) assert.ok(outcome === 'running' || (reason ?? '') !== '');
  await other.dispose();
});

test('a device that does not exist fails, and the error names what is missing', async (t) => {
  const other = await onnx.load(path);
  const cuda = other.report.attempts.find((attempt) => attempt.device === 'cuda');
  await other.dispose();
  if (cuda?.outcome === 'running') return t.skip('there is a GPU here');
  await assert.rejects(onnx.load(path, { device: 'cuda' }), {
    code: 'NBS_ONNX_DEVICE_UNAVAILABLE',
    message: /device cuda cannot run this model: .+'cpu'/,
  });
});

test('importing nbserve/onnx loads neither ONNX Runtime nor sharp', () => {
  const script =
    "import('nbserve/onnx').then(() => console.log(process.report.getReport().sharedObjects.filter((file) => /onnxruntime|sharp|vips/.test(file)).length))";
  assert.equal(
    execFileSync(process.execPath, ['-e', script], { cwd: new URL('.', import.meta.url), encoding: 'utf8' }).trim(),
    '0',
  );
});
