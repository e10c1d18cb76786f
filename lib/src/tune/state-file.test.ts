import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { choice, gridSearch, textOf, uniform } from './domain.js';
import { configOf, dimensionsOf } from './space.js';
import { StateFile } from './state-file.js';
import type { TrialState } from './trial.js';

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
  const trial: TrialState = {
    number: 0,
    values,
    config: configOf(space, values),
    status: 'TERMINATED',
    stoppedEarly: false,
    history: [{ loss: Number.NaN }],
    checkpoint: null,
    checkpoints: 0,
    checkpointAt: 0,
    failures: 0,
    error: null,
  };
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
