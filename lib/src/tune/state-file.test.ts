import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { StateFile } from './state-file.js';

const folder = mkdtempSync(join(tmpdir(), 'nbst-state-'));
after(() => rmSync(folder, { recursive: true }));

test('a save that fails has a code, and later ones work', async () => {
  const state = new StateFile(join(folder, 'search'), 'x');
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
