import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setProgressDisplay } from 'nbserve/basics';
import { data } from 'nbserve/data';

const folder = mkdtempSync(join(tmpdir(), 'nbserve-progress-'));
// The timer of a progress keeps no process running.
const alive = setInterval(() => {}, 60_000);
after(() => {
  clearInterval(alive);
  rmSync(folder, { recursive: true });
});
const ROWS = 500_000;

/** What was shown, and a promise of the first of it. */
function display() {
  const shown: { part: number | null; text: string }[] = [];
  const ended: string[] = [];
  const names: string[] = [];
  let seen = (): void => {};
  const first = new Promise<void>((resolve) => {
    seen = resolve;
  });
  setProgressDisplay((name) => {
    names.push(name);
    return {
      update: (part, text) => {
        shown.push({ part, text });
        seen();
      },
      end: (text) => void ended.push(text),
    };
  });
  return { shown, ended, names, first };
}

test('a run that takes long shows how much of its source is read, and at last its rows', async (t) => {
  const file = join(folder, 'rows.parquet');
  const { shown, ended, names, first } = display();
  // Also a short run takes long on a busy machine. Here no time passes for it.
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  await data.range(ROWS).writeParquet(file);
  assert.deepEqual(names, [], 'a short run shows nothing');
  t.mock.timers.reset();
  const rows = data.readParquet<{ id: number }>(file).map(async function slow(row) {
    // The run goes on when its progress was shown.
    if (row.id === ROWS / 2) await first;
    return row;
  });
  assert.equal(await rows.count(), ROWS);
  assert.deepEqual(names, ['data set']);
  const [{ part, text } = { part: null, text: '' }] = shown;
  assert.ok(part !== null && part > 0.2 && part < 0.9, String(part));
  assert.match(text, /^map\(slow\): [\d,]+ rows, \d+ % read$/);
  assert.equal(ended.length, 1);
  assert.match(ended[0] as string, /^500,000 rows after \d+\.\d s$/);
});

test('the bar of a run that fails, or whose reader leaves, ends too', async () => {
  const failing = display();
  const rows = data.range(ROWS).map(async (row) => {
    if (row.id < ROWS / 2) return row;
    await failing.first;
    throw new Error('no more');
  });
  await assert.rejects(rows.count(), { message: /no more/ });
  assert.equal(failing.ended.length, 1);

  const left = display();
  for await (const _ of data.range(ROWS).iterBatches()) {
    await left.first;
    break;
  }
  assert.equal(left.ended.length, 1);
});
