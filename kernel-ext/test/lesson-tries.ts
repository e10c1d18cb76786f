/** What the tests of the checks of exercises share: a learner's cell is tried, and what the check prints is looked at. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

export interface TriedExercise {
  readonly lesson: string;
  /** Code that runs before, or the ids of cells. */
  readonly before: readonly string[];
  /** Ids of the learner's cell and of the check. */
  readonly cell: string;
  readonly check: string;
  /** What the learner writes in place of the cell (`null`: leaves it as it is), and what the check prints then. */
  readonly tries: Readonly<Record<string, readonly [code: string | null, prints: RegExp]>>;
  /** Right answers that are not those of the solution. The check must praise them. */
  readonly right?: Readonly<Record<string, string>>;
}

export const LONG = 'a reason that is told whole '.repeat(40);

/** Makes a test of each try. Each says what came and what was expected, whatever a learner's cell does. */
export function tryExercises(exercises: readonly TriedExercise[]): void {
  // The results of trainings stay where the lessons put them.
  const temporary = mkdtempSync(join(tmpdir(), 'nbs-lessons-'));
  process.env.TMPDIR = temporary;
  after(() => rmSync(temporary, { recursive: true, force: true, maxRetries: 5 }));

  for (const { lesson, before, cell, check, tries, right = {} } of exercises)
    describe(`the check ${check} of ${lesson}`, () => {
      const notebook = new TestNotebook();
      after(() => notebook.close());
      const file = new URL(`../../notebooks/${lesson}.ipynb`, import.meta.url);
      const { cells } = JSON.parse(readFileSync(file, 'utf8')) as { cells: readonly { id: string; source: readonly string[] }[] };
      const codeOf = (id: string): string => cells.find((each) => each.id === id)?.source.join('') ?? id;
      let prepared = false;

      /** What the check prints after a learner's cell. */
      async function printed(code: string): Promise<string> {
        if (!prepared) for (const id of before) await notebook.value(codeOf(id));
        prepared = true;
        await notebook.value(code);
        const { outcome, text } = await notebook.run(codeOf(check));
        assert.equal(outcome.status === 'error' ? outcome.traceback.join('\n') : 'ok', 'ok', text());
        return text();
      }

      for (const [name, [code, prints]] of Object.entries(tries))
        it(`says what came of: ${name}`, async () => {
          const text = await printed(code ?? codeOf(cell));
          assert.match(text, prints);
          assert.match(text, /\nNot yet\. Change your cell above/);
          assert.doesNotMatch(text, name === 'nothing done' ? /✔|Well done/ : /Well done/);
        });

      for (const [name, code] of Object.entries(right))
        it(`praises: ${name}`, async () => {
          const text = await printed(code);
          assert.match(text, /Well done/);
          assert.doesNotMatch(text, /✖/);
        });
    });
}
