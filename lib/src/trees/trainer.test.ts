import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { TreesTrainer } from './trainer.js';

const storagePath = mkdtempSync(join(tmpdir(), 'nbs-trainer-'));
after(() => rmSync(storagePath, { recursive: true }));

test('the data set train is trained on, also if the name of another one is a number', async () => {
  const rows = (label: number) => [1, 2, 3, 4].map((a) => ({ a, y: label }));
  const trainer = new TreesTrainer({
    labelColumn: 'y',
    datasets: { train: rows(1), 2024: rows(5) },
    numBoostRound: 1,
    runConfig: { storagePath },
  });
  const { metrics } = await trainer.fit();
  assert.deepEqual([metrics['train-rmse'], metrics['2024-rmse']], [0, 4]);
});

test('without a checkpoint to go on from, a training begins anew', async () => {
  const options = { labelColumn: 'y', datasets: { train: [1, 2].map((a) => ({ a, y: a })) }, numBoostRound: 2 };
  const anew = await new TreesTrainer({ ...options, resumeFromCheckpoint: null, runConfig: { storagePath } }).fit();
  assert.equal(anew.metricsHistory.length, 2);
  assert.throws(() => new TreesTrainer({ ...options, resumeFromCheckpoint: {} as never }), { code: 'NBS_INVALID_OPTION' });
});
