import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveTable } from './live-table.js';

test('the table of the trials is shown once, then replaced, and the last state always comes', async () => {
  const shown: string[] = [];
  const textOf = (value: unknown): string => {
    const view = value as Record<symbol, () => Record<string, string>>;
    return view[Symbol.for('Jupyter.display')]?.()['text/plain'] ?? '';
  };
  const holder = globalThis as { display?: unknown };
  holder.display = async (value: unknown) => {
    shown.push(`new: ${textOf(value)}`);
    return { update: (next: unknown) => shown.push(`changed: ${textOf(next)}`) };
  };
  try {
    const rows = [{ trial: 'trial_00000', status: 'RUNNING' }];
    const table = new LiveTable(2, () => rows);
    await table.update();
    // A quarter of a second has not passed.
    await table.update();
    rows[0] = { trial: 'trial_00000', status: 'TERMINATED' };
    rows.push({ trial: 'trial_00001', status: 'ERROR' });
    await table.update(true);
  } finally {
    delete holder.display;
  }
  assert.equal(shown.length, 2);
  assert.match(shown[0] ?? '', /^new: 0 of 2 trials have ended, 1 are running\n[\s\S]*trial_00000/);
  assert.match(shown[1] ?? '', /^changed: 1 of 2 trials have ended, 0 are running, 1 have failed\n[\s\S]*trial_00001/);
  await new LiveTable(1, () => []).update(true);
});
