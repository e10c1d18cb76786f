import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boost } from './boost.js';
import { WorkerLost } from './errors.js';
import { parseParams } from './options.js';
import { Shard, type ShardInit, type TreesWorker } from './shard.js';

const table = { a: [1, 2, 3, 4, 5, 6, 7, 8], y: [0, 0, 1, 1, 5, 5, 7, 7] };
const job = (others: Partial<Parameters<typeof boost>[0]> = {}): Parameters<typeof boost>[0] => ({
  where: 'test',
  params: parseParams('test', {}),
  labelColumn: 'y',
  sets: [['train', table]],
  numBoostRound: 5,
  numWorkers: 1,
  startWorkers: async (shards) => shards.map((shard) => new Shard(shard)),
  onTree: async () => true,
  ...others,
});

/** A worker whose process is gone at this call. */
function deadAt(call: 'state' | 'root', shard: ShardInit): TreesWorker {
  const worker: TreesWorker = new Shard(shard);
  return Object.assign(worker, { [call]: () => Promise.reject(WorkerLost({})) });
}

test('a worker that dies before its first answer, at the start or at a restart, is a death like others', async (t) => {
  t.mock.method(console, 'warn', () => {});
  const deaths = ['state', 'root', 'state'] as const;
  const run = (maxFailures: number) => {
    let starts = 0;
    return boost(
      job({
        maxFailures,
        startWorkers: async (shards) => {
          const death = deaths[starts++];
          return shards.map((shard) => (death === undefined ? new Shard(shard) : deadAt(death, shard)));
        },
      }),
    );
  };
  const [{ model }, { model: whole }] = [await run(3), await boost(job())];
  assert.deepEqual(model.toJSON(), whole.toJSON());
  await assert.rejects(run(2), { code: 'NBS_TREES_FAILED', message: /after 2 restarts/ });
});

test('a checkpoint with more trees than were asked for is refused', async () => {
  const { grown, model } = await boost(job());
  const start = { grown, path: '/there' };
  await assert.rejects(boost(job({ start, numBoostRound: 4 })), {
    code: 'NBS_TREES_OTHER_TRAINING',
    message: /\/there: it has 5 trees, and numBoostRound is 4/,
  });
  assert.deepEqual((await boost(job({ start }))).model.toJSON(), model.toJSON());
});

test('a training that goes on after it had ended early grows no tree', async () => {
  const against = { a: table.a, y: [7, 7, 5, 5, 1, 1, 0, 0] };
  const early = { sets: [['train', table] as const, ['valid', against] as const], earlyStoppingRounds: 2 };
  const { grown, model } = await boost(job(early));
  assert.deepEqual([grown.trees.length, model.toJSON().trees.length], [3, 1]);
  const again = await boost(job({ ...early, start: { grown, path: '/there' } }));
  assert.equal(again.grown.trees.length, 3);
  assert.deepEqual(again.model.toJSON(), model.toJSON());
});

test('early stopping by auc needs rows of both labels', async () => {
  const params = parseParams('test', { objective: 'binary:logistic', evalMetric: 'auc' });
  const rows = { a: table.a, y: [0, 0, 1, 1, 1, 1, 0, 1] };
  const ones = { a: [1, 2], y: [1, 1] };
  const sets = [['train', rows] as const, ['valid', ones] as const];
  await assert.rejects(boost(job({ params, sets, earlyStoppingRounds: 2 })), {
    code: 'NBS_TREES_ONE_LABEL',
    message: /valid: every row has the label 1/,
  });
  assert.equal((await boost(job({ params, sets }))).grown.trees.length, 5);
});

test('a label alone is nothing to train on', async () => {
  await assert.rejects(boost(job({ sets: [['train', { y: [0, 1, 0] }]] })), {
    code: 'NBS_TREES_NO_FEATURES',
    message: /test: the data set train has no column besides the label y/,
  });
});
