import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { train } from 'nbserve/train';
import { until } from '../fixtures/wait.js';

const storagePath = mkdtempSync(join(tmpdir(), 'nbserve-trees-'));
after(async () => {
  await serve.shutdown();
  rmSync(storagePath, { recursive: true, force: true });
});

/** Numbers that look random, the same in each run. */
const noise = (i: number): number => ((Math.imul(i + 1, 2_654_435_761) >>> 0) % 10_007) / 10_007;

/** Rows of numbers, texts and missing values, and a label. */
const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => {
    const [a, b, c] = [noise(3 * i), noise(3 * i + 1), noise(3 * i + 2)];
    return {
      a: b < 0.1 ? null : a,
      kind: c < 0.3 ? 'x' : c < 0.6 ? 'y' : null,
      b,
      hit: a + (c < 0.3 ? 0.3 : 0) + noise(7 * i) / 2 > 0.8,
    };
  });

/** Ids of the processes that train. */
async function workersNow(): Promise<number[]> {
  const status = await serve.status().catch(() => undefined);
  const trees = Object.entries(status?.applications ?? {}).filter(([name]) => name.startsWith('trees-'));
  return trees.flatMap(([, { deployments }]) =>
    Object.values(deployments).flatMap(({ replicas }) =>
      replicas.flatMap(({ pid, state }) => (state === 'RUNNING' && pid ? [pid] : [])),
    ),
  );
}

test('a worker that is killed: the training goes on from the last tree, and the trees are the same, bit by bit', async () => {
  const rows = rowsOf(3000);
  const options: train.TreesTrainerOptions = {
    labelColumn: 'hit',
    datasets: { train: rows, valid: rows.slice(0, 500) },
    params: { objective: 'binary:logistic', subsample: 0.7, colsampleBytree: 0.7, evalMetric: ['logloss', 'auc'] },
    numBoostRound: 60,
    runConfig: { storagePath, name: 'unbroken' },
  };
  const one = await new train.TreesTrainer(options).fit();
  const killed = async (name: string, maxFailures: number) => {
    const two = {
      ...options,
      scalingConfig: { numWorkers: 2 },
      runConfig: { storagePath, name, failureConfig: { maxFailures }, checkpointConfig: { checkpointFrequency: 1 } },
    };
    let isOver = false;
    const fitting = new train.TreesTrainer(two).fit().finally(() => (isOver = true));
    fitting.catch(() => {});
    await until(async () => isOver || existsSync(join(storagePath, name, 'checkpoint')));
    const pids = await workersNow();
    assert.ok(!isOver, 'it ended before its worker was killed');
    process.kill(pids[1] as number, 'SIGKILL');
    return fitting;
  };
  const two = await killed('killed', 1);
  assert.deepEqual(two.model.toJSON(), one.model.toJSON());
  assert.equal(two.metricsHistory.length, 60);
  await assert.rejects(killed('given-up', 0), { code: 'NBS_TREES_FAILED', message: /after 0 restarts/ });
});

test('a training that goes on from a checkpoint equals one that was not interrupted, bit by bit', async () => {
  const rows = rowsOf(500);
  const fit = (name: string, others: Partial<train.TreesTrainerOptions>) =>
    new train.TreesTrainer({
      labelColumn: 'hit',
      datasets: { train: rows, valid: rows.slice(0, 200) },
      params: { objective: 'binary:logistic', subsample: 0.5, colsampleBytree: 0.7 },
      numBoostRound: 12,
      runConfig: { storagePath, name, checkpointConfig: { checkpointFrequency: 5 } },
      ...others,
    }).fit();
  const whole = await fit('whole', {});
  const half = await fit('half', { numBoostRound: 6 });
  for (const numWorkers of [1, 2]) {
    const rest = await fit(`rest-${numWorkers}`, { resumeFromCheckpoint: half.checkpoint, scalingConfig: { numWorkers } });
    assert.deepEqual(rest.model.toJSON(), whole.model.toJSON());
    assert.deepEqual(rest.metricsHistory.length, 12);
    assert.equal(rest.metrics['valid-logloss'], whole.metrics['valid-logloss']);
  }
  await assert.rejects(fit('other', { resumeFromCheckpoint: half.checkpoint, datasets: { train: rowsOf(400) } }), {
    code: 'NBS_TREES_OTHER_TRAINING',
    message: /half.checkpoint: its labels/,
  });
  await assert.rejects(fit('none', { resumeFromCheckpoint: { path: join(storagePath, 'nothing') } }), {
    code: 'NBS_TREES_WRONG_MODEL',
  });
  assert.deepEqual(readdirSync(join(storagePath, 'whole')), ['checkpoint']);
  assert.deepEqual(await train.latestCheckpoint(join(storagePath, 'half')), half.checkpoint);

  // The folder of the result cannot be made, as on a full disk.
  writeFileSync(join(storagePath, 'taken'), 'a file');
  await assert.rejects(fit('taken', {}), { code: 'NBS_TREES_NOT_KEPT', message: /taken.checkpoint/ });
});

test('four workers grow the same trees as one process, bit by bit', async () => {
  const rows = rowsOf(2000);
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
  await assert.rejects(train.loadTrees({ path: join(storagePath, 'none') }), { code: 'NBS_TREES_WRONG_MODEL', message: /none/ });
});
