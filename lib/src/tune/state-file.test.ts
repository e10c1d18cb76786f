import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { choice, gridSearch, textOf, uniform } from './domain.js';
import { configOf, dimensionsOf } from './space.js';
import { StateFile } from './state-file.js';
import { newTrial, type TrialState } from './trial.js';

const folder = mkdtempSync(join(tmpdir(), 'nbst-state-'));
after(() => rmSync(folder, { recursive: true }));

test('a save that fails has a code, and later ones work', async () => {
  const state = new StateFile(join(folder, 'search'), 'x', {});
  await state.create();
  // Nothing can be written while a folder has the name.
  const taken = join(state.folder, 'tuner.json.new');
  mkdirSync(taken);
  for (let i = 0; i < 2; i += 1) {
    const saves = [state.save([]), state.save([])];
    for (const save of saves) await assert.rejects(save, { code: 'NBS_TUNE_NOT_SAVED', message: /tuner\.json.*restore/ });
  }
  rmdirSync(taken);
  await state.save([]);
  assert.deepEqual(await state.restore(), []);
  assert.deepEqual(readdirSync(state.folder), ['tuner.json']);
});

const trialOf = (others: Partial<TrialState> = {}): TrialState => ({
  ...newTrial(0, [], {}),
  status: 'RUNNING',
  ...others,
});

test('each report is made a text once, and a trial that begins again has the reports that it has then', async () => {
  const state = new StateFile(join(folder, 'reports'), 'x', {});
  await state.create();
  const trial = trialOf();
  let texts = 0;
  const report = (loss: number) =>
    trial.history.push({
      get loss() {
        texts += 1;
        return loss;
      },
    });
  for (let i = 0; i < 20; i += 1) {
    report(i);
    await state.save([trial]);
  }
  assert.equal(texts, 20);
  // Saves at the same time are one write.
  for (let i = 20; i < 30; i += 1) report(i);
  await Promise.all(trial.history.map(() => state.save([trial])));
  assert.equal(texts, 30);
  trial.history = trial.history.slice(0, 2);
  report(-1);
  await state.save([trial]);
  const losses = async () => (await state.restore())[0]?.history.map(({ loss }) => loss);
  assert.deepEqual(await losses(), [0, 1, -1]);
  trial.history = [];
  await state.save([trial]);
  assert.deepEqual(await losses(), []);
  report(7);
  await state.save([trial]);
  assert.deepEqual(await losses(), [7]);
});

test('checkpoints are found when the folder of a search was moved', async () => {
  const [before, later] = [join(folder, 'before'), join(folder, 'later')];
  const elsewhere = join(folder, 'elsewhere', 'checkpoint');
  const state = new StateFile(before, 'x', {});
  await state.create();
  const own = { path: join(before, 'trial_00000', 'checkpoint_000003') };
  await state.save([trialOf({ checkpoint: own }), trialOf({ number: 1, checkpoint: { path: elsewhere } })]);
  assert.deepEqual((await state.restore())[0]?.checkpoint, own);
  renameSync(before, later);
  const moved = await new StateFile(later, 'x', {}).restore();
  assert.deepEqual(
    moved.map(({ checkpoint }) => checkpoint?.path),
    [join(later, 'trial_00000', 'checkpoint_000003'), elsewhere],
  );
});

test('a trial comes back with the values that it had, whatever they are', async () => {
  const sizes = [[64], [64, 64]];
  const space = {
    clip: Number.POSITIVE_INFINITY,
    since: new Date(0),
    steps: new Map([[1, 2n]]),
    weights: Float32Array.of(1, 2),
    sizes: choice(sizes),
    limit: gridSearch([Number.NaN, Number.POSITIVE_INFINITY, 5n]),
    lr: uniform(0, 1),
  };
  const values = [sizes[1], Number.NaN, 0.1 + 0.2];
  const trial = trialOf({
    values,
    config: configOf(space, values),
    status: 'TERMINATED',
    history: [{ loss: Number.NaN }],
  });
  const state = new StateFile(join(folder, 'values'), textOf(space), space);
  await state.create();
  await state.save([trial]);
  const [restored] = await state.restore();
  assert.deepEqual(restored, trial);
  assert.equal(restored?.values[0], sizes[1]);
  assert.equal(dimensionsOf(space)[0]?.domain.placeOf(restored?.values[0]), 0.75);
});

test('the text of a space tells values apart that JSON does not', () => {
  const texts = [
    { n: 1n },
    { n: '1' },
    { n: null },
    { n: Number.NaN },
    { n: new Map([[1, 1]]) },
    { n: new Map() },
    { n: {} },
  ].map(textOf);
  assert.equal(new Set(texts).size, texts.length);
  assert.throws(() => choice([1, 2]).placeOf(3), { code: 'NBS_TUNE_INVALID_SPACE' });
});
