import type { DisplayBundle, ErrorOutcome, Outcome, Output } from '../session/index.js';
import { type CellOutput, textOf } from './notebook-file.js';

/** The displays with an id. An update changes all outputs that show the display, in every cell. */
export type DisplayTable = Map<string, { data: Record<string, unknown>; metadata: Record<string, unknown> }[]>;

/** Collects one cell's output in the form of notebooks, as Jupyter's front ends do. */
export class CellOutputs implements Output {
  readonly list: CellOutput[] = [];
  readonly #displays: DisplayTable;
  readonly #echo: (name: 'stdout' | 'stderr', text: string) => void;
  #clearNext = false;

  /** @param echo is also called with every printed text */
  constructor(displays: DisplayTable, echo: (name: 'stdout' | 'stderr', text: string) => void = () => {}) {
    this.#displays = displays;
    this.#echo = echo;
  }

  stream(name: 'stdout' | 'stderr', text: string): void {
    this.#clearIfWaiting();
    this.#echo(name, text);
    const last = this.list.at(-1);
    if (last?.output_type === 'stream' && last.name === name) last.text = textOf(last.text) + text;
    else this.list.push({ output_type: 'stream', name, text });
  }

  display({ data, metadata }: DisplayBundle, options: { displayId?: string; update?: boolean } = {}): void {
    const { displayId, update = false } = options;
    const shown = displayId === undefined ? [] : (this.#displays.get(displayId) ?? []);
    if (update) {
      for (const output of shown) Object.assign(output, { data, metadata });
      return;
    }
    this.#clearIfWaiting();
    const output = { output_type: 'display_data' as const, data, metadata };
    this.list.push(output);
    if (displayId !== undefined) this.#displays.set(displayId, [...shown, output]);
  }

  clear(wait: boolean): void {
    if (wait) this.#clearNext = true;
    else this.list.length = 0;
  }

  /** Adds how the cell ended. */
  finish(outcome: Outcome, executionCount: number): void {
    if (outcome.status === 'error') this.error(outcome);
    else if (outcome.result !== undefined) {
      this.#clearIfWaiting();
      this.list.push({ output_type: 'execute_result', execution_count: executionCount, ...outcome.result });
    }
  }

  error({ ename, evalue, traceback }: ErrorOutcome): void {
    this.#clearIfWaiting();
    this.list.push({ output_type: 'error', ename, evalue, traceback });
  }

  #clearIfWaiting(): void {
    if (!this.#clearNext) return;
    this.#clearNext = false;
    this.list.length = 0;
  }
}
