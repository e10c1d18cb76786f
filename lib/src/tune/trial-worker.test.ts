import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { currentSession } from '../session/index.js';
import { wrap } from './trial-worker.js';

const folder = mkdtempSync(join(tmpdir(), 'nbst-trial-'));
after(() => rmSync(folder, { recursive: true }));

const trialOf = (place: string, work: () => Promise<void>) =>
  new (wrap(work))({ config: {}, folder: place, checkpoint: null, checkpoints: 0 });

test('a trial on a machine without its folder says so', async () => {
  await assert.rejects(
    trialOf(join(folder, 'none'), async () => {})
      .run()
      .next(),
    {
      code: 'NBS_TUNE_OTHER_MACHINE',
      message: /has no folder .*none/,
    },
  );
});

test('a checkpoint that cannot be kept has a code, and nothing of it stays', async () => {
  const [given, own] = [join(folder, 'given'), join(folder, 'own')];
  for (const each of [given, own]) mkdirSync(each);
  writeFileSync(join(given, 'file'), 'kept');
  const report = (path: string) => currentSession()?.report({ loss: 1 }, { path });
  const trial = trialOf(own, async () => {
    await report(given);
    await report(join(folder, 'none'));
  });
  const reports = trial.run();
  const first = (await reports.next()).value as { checkpoint: { path: string } };
  assert.equal(readFileSync(join(first.checkpoint.path, 'file'), 'utf8'), 'kept');
  trial.answer(true);
  await assert.rejects(reports.next(), { code: 'NBS_TUNE_CHECKPOINT_NOT_KEPT', message: /checkpoint_000001/ });
  assert.deepEqual(readdirSync(own), ['checkpoint_000000']);
});

test('reports that the function does not await are all told, before what it returns', async () => {
  const [given, own] = [join(folder, 'hasty'), join(folder, 'hasty-own')];
  for (const each of [given, own]) mkdirSync(each);
  const trial = new (wrap(() => {
    for (let loss = 3; loss > 0; loss -= 1) void currentSession()?.report({ loss }, { path: given });
    return { loss: 0 };
  }))({ config: {}, folder: own, checkpoint: null, checkpoints: 0 });
  const losses: unknown[] = [];
  for await (const { metrics, asks } of trial.run()) {
    losses.push(metrics.loss);
    if (asks) trial.answer(true);
  }
  assert.deepEqual(losses, [3, 2, 1, 0]);
  assert.equal(readdirSync(own).length, 3);
});
