import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Inspector } from './inspector-client.js';
import { Scripts } from './scripts.js';
import { packed } from './view.js';

const positions = { code: '\nf()', source: 'f()', places: [[-1], [packed({ line: 0, column: 0 })]] };

it('the positions of a cell are asked for again if the question failed or the main thread did not know them yet', async () => {
  const answers: (object | Error)[] = [new Error('an interrupt has ended it'), {}, { value: positions }];
  let asked = 0;
  let parsed = (_: object): void => {};
  const scripts = new Scripts({
    on: (_: string, listener: (script: object) => void) => {
      parsed = listener;
    },
    send: async () => {
      const answer = answers[asked++];
      if (answer instanceof Error) throw answer;
      return { result: answer };
    },
  } as unknown as Inspector);
  parsed({ scriptId: '1', url: 'cell[1].ts' });
  const place = () => scripts.place({ scriptId: '1', lineNumber: 1, columnNumber: 0 });
  await assert.rejects(place(), /an interrupt/);
  assert.equal((await place()).line, 1);
  const known = await place();
  assert.deepEqual([known.line, scripts.sources.source(known.path)], [0, 'f()']);
  assert.deepEqual([await place(), asked], [known, 3]);
});
