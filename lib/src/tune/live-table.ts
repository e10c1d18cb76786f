import { tableHtml, tableText } from './table.js';
import type { TrialStatus } from './trial.js';

interface Shown {
  update(value: unknown): unknown;
}
/** The global function of notebooks that shows a value, and can replace it. */
type Display = (value: unknown) => Promise<Shown>;

const EVERY_MS = 250;

/** In a notebook, the table of the trials below the cell, which changes while they run. Elsewhere it does nothing. */
export class LiveTable {
  readonly #display = (globalThis as { display?: Display }).display;
  readonly #rows: () => readonly Readonly<Record<string, unknown>>[];
  readonly #total: number;
  #shown: Promise<Shown> | null = null;
  #last = Number.NEGATIVE_INFINITY;

  constructor(total: number, rows: () => readonly Readonly<Record<string, unknown>>[]) {
    this.#total = total;
    this.#rows = rows;
  }

  /** @param isLast whether the search has ended; other changes are shown a few times a second */
  async update(isLast = false): Promise<void> {
    if (typeof this.#display !== 'function') return;
    const now = performance.now();
    if (!isLast && now - this.#last < EVERY_MS) return;
    this.#last = now;
    const value = view(this.#rows(), this.#total);
    if (this.#shown === null) this.#shown = this.#display(value);
    else await (await this.#shown).update(value);
  }
}

function view(rows: readonly Readonly<Record<string, unknown>>[], total: number): object {
  const count = (status: TrialStatus) => rows.filter((row) => row.status === status).length;
  const failed = count('ERROR');
  const head = `${count('TERMINATED')} of ${total} trials have ended, ${count('RUNNING')} are running${failed > 0 ? `, ${failed} have failed` : ''}`;
  return {
    [Symbol.for('Jupyter.display')]: () => ({
      'text/plain': `${head}\n${tableText(rows)}`,
      'text/html': `<p>${head}</p>${tableHtml(rows)}`,
    }),
  };
}
