import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RunProgress, type RunState } from './run-progress.js';

function terminal(isTTY: boolean) {
  const texts: string[] = [];
  return { texts, output: { isTTY, columns: 40, write: (text: string) => texts.push(text) } };
}

describe('progress of a run', () => {
  it('is a line that changes in a terminal, is never wider than it, and is gone at the end', () => {
    const stages = [{ name: 'mapBatches(normalise)', rows: 0 }];
    let share: number | null = null;
    const { texts, output } = terminal(true);
    const progress = new RunProgress({ stages, share: () => share } satisfies RunState, output);
    progress.show();
    progress.show();
    share = 0.509;
    progress.show();
    stages[0] = { name: 'map(f)', rows: 16_384 };
    progress.show();
    stages[0] = { name: 'mapBatches(normalise)', rows: 16_384 };
    progress.show();
    progress.end();
    progress.end();
    const lines = [
      'reading',
      'reading, 50 % read',
      'map(f): 16,384 rows, 50 % read',
      'mapBatches(normalise): 16,384 rows, 50 ',
      '',
    ];
    assert.deepEqual(
      texts,
      lines.map((line) => `\r\x1b[K${line}`),
    );
  });

  it('is not shown if the run ends soon, nor in a log', () => {
    for (const isTTY of [true, false]) {
      const { texts, output } = terminal(isTTY);
      new RunProgress({ stages: [], share: () => 0.5 }, output).end();
      assert.deepEqual(texts, []);
    }
  });
});
