import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cellLines } from './cell-lines.js';

describe('the lines of sources in a file', () => {
  it('are those of each line of each cell', () => {
    const cells = [
      { outputs: [{ source: ['no'] }], metadata: { source: ['no', 'no'] }, source: ['a "quoted\\" \n', 'b {[,\n', 'c'] },
      { source: 'one text\nof two lines' },
      { source: [] },
      { source: ['d'] },
    ];
    const text = JSON.stringify({ metadata: { source: ['no'] }, cells, nbformat: 4 }, null, 1);
    const lines = text.split('\n');
    const at = (part: string): number => lines.findIndex((line) => line.includes(part)) + 1;
    assert.deepEqual(cellLines(text), [[at('quoted'), at('b {'), at('"c"')], [at('one text')], [], [at('"d"')]]);
  });

  it('are all the same in a file of one line', () => {
    assert.deepEqual(cellLines('{"cells":[{"source":["a\\n","b"]},{"source":["c"]}]}'), [[1, 1], [1]]);
  });

  it('are missing in a text that is no notebook', () => {
    for (const text of ['', '"', '{"cells":', '[[[', '}}}}', '{"cells":[{"source":"\\'] as const)
      assert.ok(cellLines(text).flat().length <= 1);
  });
});
