import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IopubOutput } from './iopub-output.js';

function setUp() {
  const sent: string[][] = [];
  const turns: (() => void)[] = [];
  const publisher = {
    stream: (name: string, text: string, parent: string) => sent.push([name, text, parent]),
    publish: (type: string, _content: unknown, parent: string) => sent.push([type, parent]),
  };
  return { sent, turns, output: new IopubOutput(publisher, 'p', (work) => turns.push(work)) };
}

describe('IopubOutput', () => {
  it('sends the first prints at once and joins the many later ones, all in order', () => {
    const { sent, turns, output } = setUp();
    for (let i = 0; i < 1000; i += 1) output.stream('stdout', `${i}\n`);
    assert.ok(sent.length >= 1 && sent.length < 1000);
    for (const turn of turns) turn();
    assert.equal(sent.map(([, text]) => text).join(''), Array.from({ length: 1000 }, (_, i) => `${i}\n`).join(''));
    assert.equal(turns.length, 1);
  });

  it('keeps the order of streams and displays', () => {
    const { sent, output } = setUp();
    for (let i = 0; i < 100; i += 1) output.stream(i % 2 ? 'stderr' : 'stdout', `${i} `);
    output.display({ data: {}, metadata: {} });
    output.clear(false);
    const texts = sent.slice(0, -2).map(([, text]) => text);
    assert.equal(texts.join(''), Array.from({ length: 100 }, (_, i) => `${i} `).join(''));
    assert.deepEqual(sent.slice(-2), [
      ['display_data', 'p'],
      ['clear_output', 'p'],
    ]);
  });
});
