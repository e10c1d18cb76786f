import type { CellContext, CellExecutor } from './cell-executor.js';
import { unmapped } from './mapped-text.js';
import { forgetCell, type RunningCell } from './running-cell.js';
import type { TypeQuestions } from './type-questions.js';

const SOURCE = 'const practice = 2 * 2;\nString(practice)';

const ID = 'practice.ts';

/** Longest time that cells wait for the warm-up. If its code is terminated, the warm-up never ends. */
const LIMIT_MS = 1_000;

/** The cell calls nothing of it. */
const CONTEXT: CellContext = {
  id: ID,
  source: (_, value) => value,
  magic: async () => {},
  lines: async () => [],
  captured: () => {
    throw new Error('the practice captures no output');
  },
  timeit: async () => {},
  time: async () => {},
  watch: () => {},
  bound: () => {},
};

/**
 * Converts and runs a short cell, so that V8 has compiled what the user's first cell needs: it then takes two thirds of the CPU time. Never rejects.
 * @param executor one that is used for nothing else, so that the cell declares nothing in the notebook
 */
export async function practise(types: TypeQuestions, executor: CellExecutor): Promise<void> {
  const output = { stream: () => {}, display: () => {}, clear: () => {} };
  const importPackage = (id: string): Promise<object> => Promise.reject(new Error(`the practice imports nothing, and not ${id}`));
  const cell: RunningCell = { id: ID, subshell: '', output, importPackage, interrupted: new AbortController().signal };
  let timer: NodeJS.Timeout | undefined;
  try {
    const converted = types.ask((converter) => converter.convert('', { id: ID, source: unmapped(SOURCE) }));
    if (!converted.ok) return;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LIMIT_MS);
    });
    await Promise.race([executor.run(converted, cell, CONTEXT), limit]);
  } catch {
    // The first cell says what is wrong.
  } finally {
    clearTimeout(timer);
    forgetCell(cell);
  }
}
