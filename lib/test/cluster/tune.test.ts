import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serve } from 'nbserve';
import { train } from 'nbserve/train';
import { tune } from 'nbserve/tune';
import { bowl, counting, countingOptions, faulty, greedy, pair, slow, timed } from '../fixtures/tune-app.js';
import { isRunning, until } from '../fixtures/wait.js';

const storagePath = mkdtempSync(join(tmpdir(), 'nbserve-tune-'));
after(async () => {
  await serve.shutdown();
  rmSync(storagePath, { recursive: true, force: true });
});

test('random values are the same for a seed; grids are tried whole', async () => {
  const search = (name: string) =>
    new tune.Tuner(bowl, {
      paramSpace: { x: tune.uniform(0, 6), kind: tune.gridSearch(['a', 'b']) },
      tuneConfig: { metric: 'loss', mode: 'min', numSamples: 2, seed: 7 },
      runConfig: { storagePath, name },
    });
  const results = await search('first').fit();
  const configs = [...results].map(({ config }) => config);
  assert.deepEqual(
    configs.map(({ kind }) => kind),
    ['a', 'b', 'a', 'b'],
  );
  const best = results.getBestResult();
  assert.equal(best.metrics.loss, Math.min(...[...results].map(({ metrics }) => metrics.loss ?? Number.NaN)));
  assert.equal(
    results.getBestResult({ metric: 'loss', mode: 'max' }).metrics.loss,
    Math.max(...[...results].map(({ metrics }) => metrics.loss ?? 0)),
  );
  await assert.rejects(search('first').fit(), { code: 'NBS_TUNE_EXISTS' });
  const again = await search('second').fit();
  assert.deepEqual(
    [...again].map(({ config }) => config),
    configs,
  );
  assert.throws(() => results.getBestResult({ metric: 'los' }), { code: 'NBS_TUNE_NO_METRIC', message: /loss/ });
  assert.match(String(results), /trial_00003/);
  const chart = results.parallelCoordinates() as unknown as { data: { values: unknown[] } };
  assert.equal(chart.data.values.length, 4 * 3);
});

test('successive halving ends trials early, and their processes', async () => {
  const results = await new tune.Tuner(slow, {
    paramSpace: { level: tune.gridSearch([0, 10, 20, 30]) },
    tuneConfig: {
      metric: 'loss',
      mode: 'min',
      maxConcurrentTrials: 1,
      scheduler: new tune.schedulers.ASHAScheduler({ maxT: 9, reductionFactor: 3 }),
    },
    runConfig: { storagePath, name: 'asha' },
  }).fit();
  assert.deepEqual(
    [...results].map(({ metricsHistory }) => metricsHistory.length),
    [9, 1, 1, 1],
  );
  assert.equal(results.getBestResult().config.level, 0);
});

test('a last report without the metric leaves the latest value of the metric', async () => {
  const search = async (name: string, how: object) => {
    const results = await new tune.Tuner(timed, {
      paramSpace: { level: tune.gridSearch([2, 0, 1]) },
      tuneConfig: { metric: 'loss', mode: 'min', maxConcurrentTrials: 1, ...how },
      runConfig: { storagePath, name },
    }).fit();
    return { results, statuses: [...results].map(({ status }) => status), best: results.getBestResult() };
  };
  const first = await search('timed', {});
  assert.equal(first.best.config.level, 0);
  assert.deepEqual([first.best.metrics.loss, first.best.metrics.seconds], [0.5, 9]);
  assert.equal(first.best.metricsHistory.at(-1)?.loss, undefined);
  assert.throws(() => first.results.getBestResult({ metric: 'los' }), { code: 'NBS_TUNE_NO_METRIC', message: /loss/ });
  const halved = await search('timed-asha', { scheduler: new tune.schedulers.ASHAScheduler({ maxT: 9, reductionFactor: 3 }) });
  assert.deepEqual(halved.statuses, ['TERMINATED', 'TERMINATED', 'TERMINATED']);
  assert.equal(halved.best.config.level, 0);
});

test('a trial that throws or dies is in the results, and the others count', async () => {
  const results = await new tune.Tuner(faulty, {
    paramSpace: { n: tune.gridSearch([0, 1, 2, 3]) },
    tuneConfig: { metric: 'loss', mode: 'max' },
    runConfig: { storagePath, name: 'faulty' },
  }).fit();
  assert.deepEqual(
    [...results].map(({ status }) => status),
    ['TERMINATED', 'ERROR', 'ERROR', 'TERMINATED'],
  );
  assert.match(results.errors[0]?.message ?? '', /one is too many/);
  assert.equal(results.errors[1]?.code, 'NBS_WORKER_DIED');
  assert.equal(results.getBestResult().config.n, 3);
});

test('a trial whose process dies goes on from its checkpoint', async () => {
  const folder = mkdtempSync(join(storagePath, 'dies-'));
  for (const name of ['die', 'go']) writeFileSync(join(folder, name), '');
  const results = await new tune.Tuner(counting, {
    paramSpace: { folder },
    runConfig: { storagePath, name: 'counting', failureConfig: { maxFailures: 1 } },
  }).fit();
  const [result] = [...results];
  assert.deepEqual(
    result?.metricsHistory.map(({ step, begin }) => [step, begin]),
    [
      [1, 0],
      [2, 0],
      [3, 2],
      [4, 2],
    ],
  );
  assert.equal(readFileSync(join(result?.checkpoint?.path ?? '', 'step'), 'utf8'), '4');
});

test('a search over a trainer of trees', async () => {
  const rows = Array.from({ length: 400 }, (_, i) => ({ a: i % 17, b: (i * 7) % 23, y: Number((i % 17) * ((i * 7) % 23) > 90) }));
  const trainer = new train.TreesTrainer({
    labelColumn: 'y',
    datasets: { train: rows },
    params: { objective: 'binary:logistic' },
    scalingConfig: { numWorkers: 4 },
  });
  const results = await new tune.Tuner(trainer, {
    paramSpace: { params: { maxDepth: tune.randint(2, 12) } },
    tuneConfig: { numSamples: 3, metric: 'train-logloss', mode: 'min', seed: 1 },
    runConfig: { storagePath, name: 'trees' },
  }).fit();
  const best = results.getBestResult();
  assert.equal(results.length, 3);
  assert.deepEqual(results.errors, []);
  const model = await train.loadTrees(best.checkpoint ?? assert.fail());
  const alone = await new train.TreesTrainer({
    ...trainer.options,
    params: { ...trainer.options.params, ...best.config.params },
    runConfig: { storagePath, name: 'alone' },
  }).fit();
  assert.deepEqual(alone.model.toJSON(), model.toJSON());
});

test('a search over a trainer: its workers train, a killed one starts the trial again from its checkpoint', async () => {
  const folder = mkdtempSync(join(storagePath, 'pair-'));
  writeFileSync(join(folder, 'die'), '');
  const results = await new tune.Tuner(pair, {
    paramSpace: { trainLoopConfig: { lr: tune.gridSearch([4, 2]), folder } },
    tuneConfig: { metric: 'loss', mode: 'min' },
    runConfig: { storagePath, name: 'pairs' },
  }).fit();
  assert.deepEqual(results.errors, []);
  const histories = [...results].map(({ metricsHistory }) => metricsHistory.map(({ step, workers }) => [step, workers]));
  const whole = [1, 2, 3].map((step) => [step, 2]);
  assert.deepEqual(histories, [whole, whole]);
  const begins = [...results].flatMap(({ metrics }) => metrics.begin).sort();
  assert.deepEqual(begins, [0, 2], 'one of the trials went on');
  const best = results.getBestResult();
  assert.equal(best.config.trainLoopConfig.lr, 2);
  assert.equal(best.metrics.trainingIteration, 3);
  assert.ok(best.checkpoint?.path.startsWith(best.path));
  assert.equal(readFileSync(join(best.checkpoint?.path ?? '', 'step'), 'utf8'), '3');
});

test('a trial that begins again goes on from its own checkpoint, also if the trainer had one to begin with', async () => {
  const folder = mkdtempSync(join(storagePath, 'pair-'));
  const path = mkdtempSync(join(storagePath, 'start-'));
  writeFileSync(join(folder, 'die'), '');
  writeFileSync(join(path, 'step'), '1');
  const trainer = pair.with({ resumeFromCheckpoint: { path }, runConfig: { failureConfig: { maxFailures: 0 } } });
  const results = await new tune.Tuner(trainer, {
    paramSpace: { trainLoopConfig: { lr: tune.gridSearch([4]), folder } },
    runConfig: { storagePath, name: 'again', failureConfig: { maxFailures: 1 } },
  }).fit();
  assert.deepEqual(
    results.at(0)?.metricsHistory.map(({ step, begin }) => [step, begin]),
    [
      [2, 1],
      [3, 2],
    ],
  );
});

test('a scheduler ends the trials of a trainer, also of one whose loop goes on, or uses tune.report', async () => {
  for (const [stubborn, asTrial] of [
    [false, false],
    [true, false],
    [false, true],
  ]) {
    const folder = mkdtempSync(join(storagePath, 'pair-'));
    const results = await new tune.Tuner(pair, {
      paramSpace: { trainLoopConfig: { folder, lr: tune.gridSearch([1, 8]), stubborn, asTrial } },
      tuneConfig: {
        metric: 'loss',
        mode: 'min',
        maxConcurrentTrials: 1,
        scheduler: new tune.schedulers.ASHAScheduler({ maxT: 3, reductionFactor: 3 }),
      },
      runConfig: { storagePath, name: `pairs-${stubborn}-${asTrial}` },
    }).fit();
    const found = [...results].map(({ metricsHistory, status }) => [metricsHistory.length, status]);
    assert.deepEqual(found, [
      [3, 'TERMINATED'],
      [1, 'TERMINATED'],
    ]);
  }
  assert.deepEqual((await serve.status()).applications, {});
  assert.throws(() => tune.withResources(pair as never, { cpu: 1 }), { code: 'NBS_INVALID_OPTION', message: /scalingConfig/ });
});

test('no more trials run at a time than fit, whatever maxConcurrentTrials says', async () => {
  const results = await new tune.Tuner(greedy, {
    paramSpace: { n: tune.gridSearch([1, 2, 3]) },
    tuneConfig: { metric: 'loss', mode: 'min', maxConcurrentTrials: 3 },
    runConfig: { storagePath, name: 'greedy' },
  }).fit();
  assert.deepEqual([results.errors, results.getBestResult().config.n], [[], 1]);
});

test('a search whose program was killed goes on from the trial and the checkpoint that it had reached', async () => {
  const folder = mkdtempSync(join(storagePath, 'killed-'));
  for (const name of ['one', 'two']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'one', 'go'), '');
  const program = fileURLToPath(new URL('../fixtures/tune-search.js', import.meta.url));
  const child = spawn(process.execPath, [program, folder], { stdio: 'inherit' });
  const state = join(folder, 'search', 'tuner.json');
  const reached = (): number => (existsSync(state) ? JSON.parse(readFileSync(state, 'utf8')).trials[1]?.history.length : 0);
  await until(() => reached() === 2);
  child.kill('SIGKILL');
  await until(() => !isRunning(child.pid as number));
  writeFileSync(join(folder, 'two', 'go'), '');

  const options = countingOptions(folder);
  const results = await tune.Tuner.restore(join(folder, 'search'), counting, options).fit();
  const begins = [...results].map(({ metricsHistory }) => metricsHistory.map(({ begin }) => begin));
  assert.deepEqual(begins, [
    [0, 0, 0, 0],
    [0, 0, 2, 2],
  ]);
  const other = { ...options, paramSpace: { folder: tune.gridSearch(['elsewhere']) } };
  await assert.rejects(tune.Tuner.restore(join(folder, 'search'), counting, other).fit(), {
    code: 'NBS_TUNE_NOTHING_TO_RESTORE',
  });
});
