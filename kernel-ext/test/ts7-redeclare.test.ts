import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REDECLARATIONS } from './fixtures/redeclarations.js';
import { TestNotebook } from './session-harness.js';

/** What a cell printed, in brackets, and its result or error, on one line. */
async function outcomeOf(notebook: TestNotebook, code: string): Promise<string> {
  const run = await notebook.run(code);
  const { outcome } = run;
  const text = run.text();
  const printed = text.trim() === '' ? '' : `[${text.trim().replaceAll('\n', '|')}] `;
  if (outcome.status === 'ok') return `${printed}${String(outcome.result?.data['text/plain'] ?? '–')}`;
  return `${printed}${outcome.ename}: ${outcome.evalue.split('\n')[0]}`;
}

describe('names that are redeclared', () => {
  for (const [name, cells] of Object.entries(REDECLARATIONS)) {
    it(name, async (t) => {
      const notebook = new TestNotebook();
      t.after(() => notebook.close());
      await notebook.file('d.json', '{"n":1}');
      for (const [code, expected] of cells) assert.equal(await outcomeOf(notebook, code), expected, code);
    });
  }
});
