/** Tests of services in lessons that answer several requests together: a wrong request is refused alone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { TestNotebook } from './session-harness.js';

function codeOf(lesson: string, id: string): string {
  const file = new URL(`../../notebooks/${lesson}.ipynb`, import.meta.url);
  const { cells } = JSON.parse(readFileSync(file, 'utf8')) as { cells: readonly { id: string; source: readonly string[] }[] };
  return cells.find((cell) => cell.id === id)?.source.join('') ?? assert.fail(`${lesson} has no cell ${id}`);
}

/** Each application, and a cell that sends one wrong request among many. It shows how many of the good ones failed, and the status of the wrong one. */
const LESSONS: Readonly<Record<string, readonly [cells: readonly string[], ask: string, shown: string]>> = {
  '04-sentiment': [
    [
      // In place of the model, which refuses blank texts too.
      `const modelFolder = '';
const loadEncoderModel = async (_: string) => ({
  async classify(texts: string[]) {
    if (texts.some((text) => text.trim() === '')) throw new RangeError('blank');
    return texts.map(() => ({ label: 'POSITIVE', score: 1 }));
  },
});`,
      codeOf('04-sentiment', 'cell-12'),
    ],
    `const texts = ['  ', ...Array.from({ length: 15 }, (_, i) => 'text ' + i)];
const answers = await Promise.all(texts.map((text) =>
  fetch(classifier.url + 'classify?' + new URLSearchParams({ input_text: text }), { method: 'POST' })));
const [wrong, ...good] = answers.map(({ status }) => status);
good.filter((status) => status !== 200).length + ' failed, ' + wrong`,
    "'0 failed, 422'",
  ],
  '10-serving-challenges': [
    [codeOf('10-serving-challenges', 'cell-26'), codeOf('10-serving-challenges', 'cell-44')],
    `const bodies = [new Uint8Array(3), ...images.slice(0, 31)];
const statuses = await Promise.all(bodies.map(async (body) => (await fetch(batched.url, { method: 'POST', body })).status));
const [wrong, ...good] = statuses;
good.filter((status) => status !== 200).length + ' failed, ' + wrong`,
    "'0 failed, 400'",
  ],
};

for (const [lesson, [cells, ask, shown]] of Object.entries(LESSONS))
  it(`${lesson} refuses a wrong request alone`, async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    for (const code of cells) await notebook.value(code);
    assert.equal(await notebook.value(ask), shown);
    await notebook.value('await serve.shutdown()');
  });
