import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from 'nbserve';
import { onnx } from 'nbserve/onnx';
import { train } from 'nbserve/train';
import {
  counting,
  deadly,
  failing,
  failingHastily,
  hasty,
  type LoopConfig,
  training,
  uneven,
  unevenBatches,
} from '../fixtures/train-app.js';

let root: string;
before(async () => {
  root = mkdtempSync(join(tmpdir(), 'nbst-train-'));
  await serve.start({ numGpus: 2 });
});
after(async () => {
  await serve.shutdown();
  rmSync(root, { recursive: true });
});

async function folderOf(name: string): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder, { recursive: true });
  return folder;
}

const weightsOf = (folder: string, rank: number): Float32Array =>
  new Float32Array(new Uint8Array(readFileSync(join(folder, `${rank}.bin`))).buffer);

const FULL: Omit<LoopConfig, 'out'> = { batchSize: 8, epochs: 4, isFull: true };
const two = { numWorkers: 2 };

let whole: { readonly out: string; readonly path: string };

test('two workers have the same bits after 40 steps, and each report has the metrics of worker 0 and a checkpoint', async () => {
  const out = await folderOf('whole');
  const seen: number[] = [];
  const runConfig = {
    storagePath: root,
    name: 'kept',
    onReport: ({ epoch }: Readonly<Record<string, number>>) => seen.push(epoch as number),
  };
  const result = await training.with({ trainLoopConfig: { ...FULL, out }, scalingConfig: two, runConfig }).fit();
  whole = { out, path: result.path };
  assert.deepEqual(weightsOf(out, 1), weightsOf(out, 0));
  assert.equal(result.path, join(root, 'kept'));
  assert.deepEqual([result.restarts, result.numWorkers], [0, 2]);
  assert.deepEqual(seen, [0, 1, 2, 3]);
  assert.deepEqual(
    result.metricsHistory.map(({ epoch }) => epoch),
    seen,
  );
  assert.ok((result.metrics.loss as number) < (result.metricsHistory[0]?.loss as number));
  assert.deepEqual(
    readdirSync(result.path),
    [0, 1, 2, 3].map((n) => `checkpoint_00000${n}`),
  );
  assert.deepEqual(result.checkpoint, await train.latestCheckpoint(result.path));
  const model = await onnx.load(join(result.checkpoint?.path ?? '', 'model.onnx'), { device: 'cpu' });
  assert.deepEqual(model.outputs, [{ name: 'logits', type: 'float32', shape: ['batch_size', 10] }]);
  await model.dispose();
});

test('two workers are one with twice the batch', async () => {
  const [one, both] = [await folderOf('one'), await folderOf('both')];
  const config = { epochs: 2, isFull: false };
  const single = await training
    .with({ trainLoopConfig: { ...config, out: one, batchSize: 16 }, runConfig: { storagePath: root } })
    .fit();
  const paired = await training
    .with({ trainLoopConfig: { ...config, out: both, batchSize: 8 }, scalingConfig: two, runConfig: { storagePath: root } })
    .fit();
  const [a, b] = [weightsOf(one, 0), weightsOf(both, 0)];
  const largest = a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
  assert.ok(largest <= 1e-6, `the weights differ by ${largest}`);
  assert.ok(Math.abs((single.metrics.loss as number) - (paired.metrics.loss as number)) <= 1e-6);
});

test('a training that goes on from a checkpoint equals one that was not interrupted, bit by bit', async () => {
  const out = await folderOf('resumed');
  const resumeFromCheckpoint = { path: join(whole.path, 'checkpoint_000001') };
  const runConfig = { storagePath: root, checkpointConfig: { numToKeep: 1 } };
  const result = await training
    .with({ trainLoopConfig: { ...FULL, out }, scalingConfig: two, runConfig, resumeFromCheckpoint })
    .fit();
  assert.deepEqual(
    result.metricsHistory.map(({ epoch }) => epoch),
    [2, 3],
  );
  assert.deepEqual(weightsOf(out, 0), weightsOf(whole.out, 0));
  assert.deepEqual(readdirSync(result.path), ['checkpoint_000001']);
});

test('a worker that is killed in the middle of an epoch: all start again from the last checkpoint, and the result is the same, bit by bit', async () => {
  const out = await folderOf('killed');
  const config = { ...FULL, out, dieOnce: join(out, 'died') };
  const result = await training.with({ trainLoopConfig: config, scalingConfig: two, runConfig: { storagePath: root } }).fit();
  assert.equal(result.restarts, 1);
  assert.deepEqual(
    result.metricsHistory.map(({ epoch }) => epoch),
    [0, 1, 2, 3],
  );
  assert.deepEqual(weightsOf(out, 0), weightsOf(whole.out, 0));
  assert.deepEqual(weightsOf(out, 1), weightsOf(whole.out, 1));
});

test('workers that die too often end the training with a code', async () => {
  const runConfig = { storagePath: root, failureConfig: { maxFailures: 1 } };
  const trainer = deadly.with({ runConfig });
  await assert.rejects(trainer.fit(), { code: 'NBS_TRAIN_FAILED', message: /ended after 1 restarts, because its workers died/ });
});

test("a function's own error ends the training as it is", async () => {
  const trainer = failing.with({ scalingConfig: two, runConfig: { storagePath: root } });
  await assert.rejects(trainer.fit(), { name: 'RangeError', message: 'not with me', stack: /train-app/ });
});

test('workers that do not report equally often are told so', async () => {
  const trainer = uneven.with({
    scalingConfig: two,
    runConfig: { storagePath: root },
  });
  await assert.rejects(trainer.fit(), { code: 'NBS_TRAIN_UNEVEN_REPORTS', message: /worker 1 ended/ });
});

test('reports that workers do not await are not lost', async () => {
  const result = await hasty.with({ scalingConfig: two, runConfig: { storagePath: root } }).fit();
  assert.deepEqual(
    result.metricsHistory.map(({ step }) => step),
    [1, 2, 3],
  );
});

test('a loop that fails behind a report that it did not await ends the training with its own error', async () => {
  const trainer = failingHastily.with({ scalingConfig: two, runConfig: { storagePath: root } });
  await assert.rejects(trainer.fit(), { name: 'RangeError', message: 'too far' });
});

for (const isReported of [false, true])
  test(`workers that do not train with equally many batches are told so at once, ${isReported ? 'also if one reports' : 'if one ends'}`, async () => {
    const trainer = unevenBatches.with({
      trainLoopConfig: { isReported },
      scalingConfig: two,
      runConfig: { storagePath: root, failureConfig: { maxFailures: 3 } },
    });
    await assert.rejects(trainer.fit(), { code: 'NBS_TRAIN_UNEVEN_REPORTS', message: /worker 1 ended or reported.*backward/ });
  });

test('if there is no room for all, fewer workers train, if you allow it', async () => {
  const counted = (minWorkers: number) =>
    counting.with({
      scalingConfig: { numWorkers: 3, minWorkers, useGpu: true, resourcesPerWorker: { cpu: 0.1 } },
      runConfig: { storagePath: root, name: 'counted' },
    });
  const { metrics } = await counted(1).fit();
  assert.deepEqual(metrics, { workers: 2, rank: 0, own: 1 });
  await assert.rejects(counted(3).fit(), { code: 'NBS_POOL_NO_ROOM', message: /needs 3 workers .* room for 2/ });
});

test('outside of a training', async () => {
  await assert.rejects(train.report({ loss: 1 }), { code: 'NBS_TRAIN_NO_SESSION', message: /trainLoopPerWorker/ });
  assert.equal(train.getCheckpoint(), null);
  assert.deepEqual([train.getContext().getWorldRank(), train.getContext().getWorldSize()], [0, 1]);
  const loop = () => undefined;
  assert.throws(() => new train.Trainer({ trainLoopPerWorker: loop, scalingConfig: { numWorkers: 0 } }), {
    code: 'NBS_INVALID_OPTION',
  });
  assert.throws(() => new train.Trainer({ trainLoopPerWorker: loop, scalingConfig: { numWorkers: 1, minWorkers: 2 } }), {
    code: 'NBS_INVALID_OPTION',
  });
  assert.throws(() => new train.Trainer({ trainLoopPerWorker: loop, runConfig: { name: '../up' } }), {
    code: 'NBS_INVALID_OPTION',
  });
  assert.throws(() => new train.Trainer({ trainLoopPerWorker: 3 as never }), { code: 'NBS_NOT_A_WORKER' });
});
