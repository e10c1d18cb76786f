import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { train } from './index.js';
import { wrap } from './train-worker.js';

const folder = mkdtempSync(join(tmpdir(), 'nbst-worker-'));
after(() => rmSync(folder, { recursive: true }));

const started = async (loop: () => unknown, own: string) => {
  mkdirSync(own);
  const worker = new (wrap(loop))();
  await worker.listen({ rank: 0, workers: 1, name: 'hasty', folder: own, sockets: folder, checkpoint: null, nextCheckpoint: 4 });
  await worker.connect();
  return worker;
};

test('reports that the loop does not await are all told, with their checkpoints', async () => {
  const [given, own] = [join(folder, 'given'), join(folder, 'own')];
  mkdirSync(given);
  writeFileSync(join(given, 'file'), 'kept');
  const metrics = { step: 0 };
  const worker = await started(() => {
    for (metrics.step = 1; metrics.step <= 3; metrics.step += 1)
      void train.report(metrics, metrics.step === 2 ? {} : { checkpoint: { path: given } });
  }, own);
  const found: unknown[] = [];
  for await (const report of worker.run(undefined)) {
    found.push([report.metrics.step, report.checkpoint && basename(report.checkpoint.path)]);
    worker.resume(true);
  }
  assert.deepEqual(found, [
    [1, 'checkpoint_000004'],
    [2, null],
    [3, 'checkpoint_000005'],
  ]);
  assert.deepEqual(readdirSync(own), ['checkpoint_000004', 'checkpoint_000005']);
});

test('a failure is told also while nobody takes the reports before it', async () => {
  const worker = await started(
    () => {
      void train.report({ step: 1 });
      throw new RangeError('too far');
    },
    join(folder, 'failing'),
  );
  const reports = worker.run(undefined);
  assert.deepEqual((await reports.next()).value, { metrics: { step: 1 }, checkpoint: null });
  assert.throws(() => worker.exchanges(), { message: 'too far' });
  await assert.rejects(reports.next(), { message: 'too far' });
});
