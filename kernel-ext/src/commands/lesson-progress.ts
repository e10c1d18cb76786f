import { basename } from 'node:path';
import { performance } from 'node:perf_hooks';
import { CLEAR_LINE, type LineOutput, replaceLine } from 'nbserve/basics';
import type { TestProgress } from '../testing/index.js';

/** In a log, the lines of a lesson have at least this pause between them. */
const PAUSE_MS = 30_000;

/** Says which cell of which lesson runs: in a terminal on one line that changes, elsewhere in a line at the beginning of the lesson and at intervals. */
export class LessonProgress implements TestProgress {
  readonly #output: LineOutput;
  readonly #now: () => number;
  #name = '';
  #saidAt = 0;

  constructor(output: LineOutput, now = (): number => performance.now()) {
    this.#output = output;
    this.#now = now;
  }

  onCell(name: string, number: number, count: number): void {
    const line = `${basename(name, '.ipynb')}: cell ${number} of ${count}`;
    if (this.#output.isTTY === true) {
      replaceLine(this.#output, line);
      return;
    }
    const now = this.#now();
    if (name === this.#name && now - this.#saidAt < PAUSE_MS) return;
    this.#name = name;
    this.#saidAt = now;
    this.#output.write(`${line}\n`);
  }

  onEnd(): void {
    if (this.#output.isTTY === true) this.#output.write(CLEAR_LINE);
  }
}
