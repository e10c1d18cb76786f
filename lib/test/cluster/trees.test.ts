import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { train } from 'nbserve/train';

const storagePath = mkdtempSync(join(tmpdir(), 'nbserve-trees-'));
after(async () => {
  await serve.shutdown();
  rmSync(storagePath, { recursive: true, force: true });
});

/** Numbers that look random, the same in each run. */
const noise = (i: number): number => ((Math.imul(i + 1, 2_654_435_761) >>> 0) % 10_007) / 10_007;

test('four workers grow the same trees as one process, bit by bit', async () => {
  const rows = Array.from({ length: 2000 }, (_, i) => {
    const [a, b, c] = [noise(3 * i), noise(3 * i + 1), noise(3 * i + 2)];
    return {
      a: b < 0.1 ? null : a,
      kind: c < 0.3 ? 'x' : c < 0.6 ? 'y' : null,
      b,
      hit: a + (c < 0.3 ? 0.3 : 0) + noise(7 * i) / 2 > 0.8,
    };
  });
  const fit = (numWorkers: number) =>
    new train.TreesTrainer({
      labelColumn: 'hit',
      datasets: { train: rows, valid: rows.slice(0, 500) },
      params: { objective: 'binary:logistic', subsample: 0.7, evalMetric: ['auc', 'logloss'] },
      scalingConfig: { numWorkers },
      runConfig: { storagePath, name: `of-${numWorkers}` },
    }).fit();
  const [one, four] = [await fit(1), await fit(4)];
  assert.deepEqual(four.model.toJSON(), one.model.toJSON());
  assert.deepEqual(Object.keys(four.metrics), ['train-auc', 'train-logloss', 'valid-auc', 'valid-logloss', 'trainingIteration']);
  assert.equal(four.metrics['train-auc'], one.metrics['train-auc']);
  assert.ok(Math.abs((four.metrics['train-logloss'] ?? 0) - (one.metrics['train-logloss'] ?? 0)) < 1e-12);
  assert.equal(four.metricsHistory.length, 10);
  const loaded = await train.loadTrees(four.checkpoint);
  assert.deepEqual(loaded.predict(rows), one.model.predict(rows));
});
