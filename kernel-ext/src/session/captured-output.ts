import { currentCell, lastCell } from './running-cell.js';
import type { CaptureTaker, DisplayBundle, Output, OutputCapture } from './session.js';

/** What a cell with `%%capture` printed and displayed, its result included. */
export class CapturedOutput {
  /** What it printed. */
  stdout = '';
  stderr = '';
  /** What it displayed, by MIME type. */
  readonly outputs: { readonly data: Record<string, unknown>; readonly metadata: Record<string, unknown> }[] = [];
  /** Shows all of it below the cell that calls this. */
  show(): void {
    const output = (currentCell() ?? lastCell())?.output;
    if (this.stdout !== '') output?.stream('stdout', this.stdout);
    if (this.stderr !== '') output?.stream('stderr', this.stderr);
    for (const bundle of this.outputs) output?.display(bundle);
  }
}

function takerOf(captured: CapturedOutput): CaptureTaker {
  return {
    begin: () => {
      captured.stdout = '';
      captured.stderr = '';
    },
    text: (name, text) => {
      captured[name] += text;
    },
  };
}

/** Captures only what the cell's code prints, if nobody reads the descriptors. */
const printsAlone = ({ begin, text }: CaptureTaker): OutputCapture => {
  let isOver = false;
  return {
    print: text,
    clear: begin,
    end: async () => {
      isOver = true;
    },
    get isOver() {
      return isOver;
    },
  };
};

/**
 * An output that goes to `captured`, and after the end to `shown`: a command of the cell may still print then. Errors and questions always reach the person.
 * Call `end` before the cell ends.
 */
export function capturing(captured: CapturedOutput, shown: Output): { readonly output: Output; end(): Promise<void> } {
  const taker = takerOf(captured);
  const prints = shown.capture?.(taker) ?? printsAlone(taker);
  return { output: outputTo(captured, shown, prints), end: () => prints.end() };
}

function outputTo(captured: CapturedOutput, shown: Output, prints: OutputCapture): Output {
  const byId = new Map<string, DisplayBundle[]>();
  return {
    ...(shown.failed && { failed: shown.failed.bind(shown) }),
    ...(shown.input && { input: shown.input.bind(shown) }),
    ...(shown.nextInput && { nextInput: shown.nextInput.bind(shown) }),
    ...(shown.colors && { colors: shown.colors }),
    ...(shown.request && { request: shown.request }),
    stream: (name, text) => (prints.isOver ? shown.stream(name, text) : prints.print(name, text)),
    display: (bundle, options = {}) => {
      if (prints.isOver) return shown.display(bundle, options);
      const { displayId, update = false } = options;
      const known = displayId === undefined ? [] : (byId.get(displayId) ?? []);
      if (update) {
        for (const one of known) Object.assign(one, bundle);
        return;
      }
      const kept = { ...bundle };
      captured.outputs.push(kept);
      if (displayId !== undefined) byId.set(displayId, [...known, kept]);
    },
    clear: (wait) => {
      if (prints.isOver) return shown.clear(wait);
      prints.clear();
      captured.outputs.length = 0;
    },
  };
}
